// Compiles src/ (or the folder given) with the pinned solc and writes, to standard output, the combined JSON that
// abigen reads. Settings are fixed here, so that the same sources give the same bytes on every machine.
"use strict";
const fs = require("fs");
const path = require("path");
const solc = require("solc");

const root = __dirname;
const folder = process.argv[2] || "src";

function solidityFiles(dir) {
  return fs
    .readdirSync(dir, { withFileTypes: true })
    .filter((e) => e.isFile() && e.name.endsWith(".sol"))
    .map((e) => path.join(dir, e.name))
    .sort();
}

const sources = {};
for (const file of solidityFiles(path.join(root, folder))) {
  const name = path.relative(root, file).split(path.sep).join("/");
  sources[name] = { content: fs.readFileSync(file, "utf8") };
}

const input = {
  language: "Solidity",
  sources,
  settings: {
    evmVersion: "cancun",
    viaIR: false,
    optimizer: { enabled: true, runs: 1000 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
  },
};

function load(name) {
  const candidates = [path.join(root, name), path.join(root, "node_modules", name)];
  for (const file of candidates) {
    if (fs.existsSync(file)) return { contents: fs.readFileSync(file, "utf8") };
  }
  return { error: `${name} not found: run npm ci in contracts/` };
}

const output = JSON.parse(solc.compile(JSON.stringify(input), { import: load }));
let failed = false;
for (const e of output.errors || []) {
  process.stderr.write(e.formattedMessage + "\n");
  failed = true; // a warning fails too: there are none to get used to
}
if (failed) process.exit(1);

const contracts = {};
for (const [file, units] of Object.entries(output.contracts)) {
  if (!file.startsWith(folder + "/") || file.includes("/interfaces/")) continue;
  for (const [name, unit] of Object.entries(units)) {
    if (unit.evm.bytecode.object === "") continue;
    const size = unit.evm.deployedBytecode.object.length / 2;
    if (size > 24576) {
      process.stderr.write(`${name}: ${size} bytes of code, 24576 allowed\n`);
      process.exit(1);
    }
    // abigen names this function's result alike in every contract, so that the bindings wouldn't compile; nobody
    // calls it through them.
    const abi = unit.abi.filter((e) => e.name !== "eip712Domain");
    contracts[`${file}:${name}`] = { abi, bin: unit.evm.bytecode.object };
  }
}
process.stdout.write(JSON.stringify({ contracts, version: solc.version() }, null, 1) + "\n");
