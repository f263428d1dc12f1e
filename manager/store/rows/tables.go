package rows

import "strings"

// Kind is what a column holds, in every database.
type Kind string

const (
	Int  Kind = "int"  // 64 bits, signed
	Real Kind = "real" // 64 bits
	Bool Kind = "bool"
	Text Kind = "text" // UTF-8 without zero bytes
	Blob Kind = "blob" // bytes, or nothing
)

// Column is one column of a table.
type Column struct {
	Name string
	Kind Kind
}

// Table is a table as every database has it.
type Table struct {
	Name    string
	Order   string // columns that put its rows in one order
	Columns []Column
}

// names joins the columns for SQL.
func (t Table) names() string {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		list[i] = c.Name
	}
	return strings.Join(list, ", ")
}

// Tables are all that hold what the manager knows; a table comes after those that it refers to.
// What a database keeps for itself, and the transitions, which come with the program, aren't here.
var Tables = []Table{
	{"meta", "key", columns("key:text value:text")},
	{"jobs", "seq", columns("seq:int id:text owner:text request:text name:text package:text recipe:text frames:text job_key:blob priority:int deadline:int max_price:int created:int state:text cause:text quote:text ceiling:int spent:int escrow:int refund:int started:int finished:int tx:text seconds:real units:real rend_frames:int delivered_at:int deliveries:int delivery_root:text delivery_price:int acceptance:blob claim_frames:text n_pending:int n_uploaded:int n_verified:int n_delivered:int n_accepted:int n_rejections:int tasks_waiting:int tasks_open:int needs:text after:text scout:bool released:bool tiles:int release_after:int release_left:int release_at:int rush:int rush_reason:text origin:text forgotten:int")},
	{"tasks", "id", columns("id:text job:text idx:int frames:text state:text attempts:int failures:int cause:text kind:text border:text scout:bool")},
	{"frames", "job, number", columns("job:text number:int task:text state:text attempt:text worker:text object:text size:int digest:text verdict:text verifier:text price:int seconds:real rejects:int cause:text extras:text")},
	{"attempts", "id", columns("id:text task:text job:text number:int worker:text ver_key:blob key_hash:text frames:text seeds:text created:int state:text deadline:int class:text receipt:text kind:text cause:text note:text ended:int convicted:bool copy:bool manager:text")},
	{"audits", "id", columns("id:text attempt:text task:text job:text ordinal:int claim:int created:int state:text verifier:text class:text deadline:int samples:text evidence:text verdict:text cause:text ended:int kind:text manager:text")},
	{"nodes", "address", columns("address:text seal_key:blob roles:text capabilities:text passes:int fails:int seen:int standing:text manager:text")},
	{"packages", "id", columns("id:text owner:text size:int digest:text bytes:int files:int ready:bool created:int used:int dropped:bool")},
	{"chunks", "package, chunk", columns("package:text chunk:text size:int digest:text")},
	{"unaccepted", "owner, object", columns("owner:text object:text size:int at:int")},
	{"events", "id", columns("id:int job:text time:int what:text text:text node:text")},
	{"ledger", "job, frame, part, role", columns("job:text frame:int part:int role:text node:text amount:int attempt:text audit:text time:int settled:bool")},
	{"voided", "job, frame, part, role, node, amount, attempt, audit, time, cause", columns("job:text frame:int part:int role:text node:text amount:int attempt:text audit:text time:int cause:text")},
	{"epochs", "number", columns("number:int root:text total:int leaves:text tx:text")},
	{"withdrawals", "node", columns("node:text claimed:int tx:text")},
	{"outbox", "id", columns("id:int kind:text ref:text body:text state:text tries:int next:int tx:text error:text")},
	{"fees", "job, frame, attempt, node", columns("job:text frame:int attempt:text node:text audit:text amount:int time:int settled:bool")},
	{"managers", "id", columns("id:text address:text url:text started:int seen:int")},
	{"deeds", "id", columns("id:int time:int who:text what:text subject:text detail:text")},
	{"archives", "digest", columns("digest:text renderer:text version:text os:text arch:text name:text size:int root:text executable:text")},
	{"fingerprints", "hash, attempt, frame", columns("hash:text attempt:text frame:int job:text worker:text time:int")},
}

func columns(list string) []Column {
	var out []Column
	for pair := range strings.FieldsSeq(list) {
		name, kind, _ := strings.Cut(pair, ":")
		out = append(out, Column{name, Kind(kind)})
	}
	return out
}
