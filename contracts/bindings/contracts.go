// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package bindings

import (
	"bytes"
	"errors"
	"math/big"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// Reference imports to suppress errors if they are not otherwise used.
var (
	_ = bytes.Equal
	_ = errors.New
	_ = big.NewInt
	_ = common.Big1
	_ = types.BloomLookup
	_ = abi.ConvertType
)

// IJobEscrowBadResult is an auto generated low-level Go binding around an user-defined struct.
type IJobEscrowBadResult struct {
	JobId        [32]byte
	DeliveryRoot [32]byte
	FramesHash   [32]byte
	Amount       *big.Int
	Deadline     *big.Int
}

// IJobEscrowFunding is an auto generated low-level Go binding around an user-defined struct.
type IJobEscrowFunding struct {
	JobId     [32]byte
	Artist    common.Address
	Amount    *big.Int
	QuoteHash [32]byte
	Deadline  *big.Int
}

// IJobEscrowJob is an auto generated low-level Go binding around an user-defined struct.
type IJobEscrowJob struct {
	Artist         common.Address
	State          uint8
	Deliveries     uint8
	FundedAt       *big.Int
	DeliveredAt    *big.Int
	Funded         *big.Int
	Spent          *big.Int
	Payable        *big.Int
	Held           *big.Int
	QuoteHash      [32]byte
	DeliveryRoot   [32]byte
	FundedBlock    uint64
	DeliveredBlock uint64
	SettledBlock   uint64
	ClosedBlock    uint64
}

// IJobEscrowReclaim is an auto generated low-level Go binding around an user-defined struct.
type IJobEscrowReclaim struct {
	JobId    [32]byte
	To       common.Address
	Deadline *big.Int
}

// IJobEscrowTopUp is an auto generated low-level Go binding around an user-defined struct.
type IJobEscrowTopUp struct {
	JobId        [32]byte
	Artist       common.Address
	Amount       *big.Int
	FundedBefore *big.Int
	Deadline     *big.Int
}

// INodeRegistryNode is an auto generated low-level Go binding around an user-defined struct.
type INodeRegistryNode struct {
	Owner             common.Address
	Roles             uint8
	UnbondAt          uint64
	EncryptionKeyHash [32]byte
	Stake             *big.Int
	Unbonding         *big.Int
}

// INodeRegistryRegistration is an auto generated low-level Go binding around an user-defined struct.
type INodeRegistryRegistration struct {
	Node              common.Address
	Owner             common.Address
	Roles             uint8
	EncryptionKeyHash [32]byte
	Nonce             *big.Int
	Deadline          *big.Int
}

// INodeRegistryStaking is an auto generated low-level Go binding around an user-defined struct.
type INodeRegistryStaking struct {
	Node     common.Address
	From     common.Address
	Amount   *big.Int
	Nonce    *big.Int
	Deadline *big.Int
}

// INodeRegistryUnbonding is an auto generated low-level Go binding around an user-defined struct.
type INodeRegistryUnbonding struct {
	Node     common.Address
	Amount   *big.Int
	Nonce    *big.Int
	Deadline *big.Int
}

// IPayoutsClaim is an auto generated low-level Go binding around an user-defined struct.
type IPayoutsClaim struct {
	Account    common.Address
	Cumulative *big.Int
	Proof      [][32]byte
}

// IPayoutsSettlement is an auto generated low-level Go binding around an user-defined struct.
type IPayoutsSettlement struct {
	Epoch       uint64
	BlockNumber uint64
	Root        [32]byte
	Total       *big.Int
}

// IPermitPermit is an auto generated low-level Go binding around an user-defined struct.
type IPermitPermit struct {
	Value    *big.Int
	Deadline *big.Int
	V        uint8
	R        [32]byte
	S        [32]byte
}

// HelioTokenMetaData contains all meta data concerning the HelioToken contract.
var HelioTokenMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"address\",\"name\":\"admin\",\"type\":\"address\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[],\"name\":\"AccessControlBadConfirmation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"neededRole\",\"type\":\"bytes32\"}],\"name\":\"AccessControlUnauthorizedAccount\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ECDSAInvalidSignature\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"length\",\"type\":\"uint256\"}],\"name\":\"ECDSAInvalidSignatureLength\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"name\":\"ECDSAInvalidSignatureS\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"allowance\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"needed\",\"type\":\"uint256\"}],\"name\":\"ERC20InsufficientAllowance\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"balance\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"needed\",\"type\":\"uint256\"}],\"name\":\"ERC20InsufficientBalance\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"approver\",\"type\":\"address\"}],\"name\":\"ERC20InvalidApprover\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"receiver\",\"type\":\"address\"}],\"name\":\"ERC20InvalidReceiver\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"ERC20InvalidSender\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"}],\"name\":\"ERC20InvalidSpender\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"name\":\"ERC2612ExpiredSignature\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"signer\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"ERC2612InvalidSigner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"currentNonce\",\"type\":\"uint256\"}],\"name\":\"InvalidAccountNonce\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"InvalidShortString\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"string\",\"name\":\"str\",\"type\":\"string\"}],\"name\":\"StringTooLong\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"Approval\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"EIP712DomainChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"previousAdminRole\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"newAdminRole\",\"type\":\"bytes32\"}],\"name\":\"RoleAdminChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleGranted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleRevoked\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"from\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"Transfer\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"DEFAULT_ADMIN_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"DOMAIN_SEPARATOR\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MINTER_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"}],\"name\":\"allowance\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"approve\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"balanceOf\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"decimals\",\"outputs\":[{\"internalType\":\"uint8\",\"name\":\"\",\"type\":\"uint8\"}],\"stateMutability\":\"pure\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"}],\"name\":\"getRoleAdmin\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"grantRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"hasRole\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"mint\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"name\",\"outputs\":[{\"internalType\":\"string\",\"name\":\"\",\"type\":\"string\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"nonces\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"},{\"internalType\":\"uint8\",\"name\":\"v\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"r\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"name\":\"permit\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"callerConfirmation\",\"type\":\"address\"}],\"name\":\"renounceRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"revokeRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes4\",\"name\":\"interfaceId\",\"type\":\"bytes4\"}],\"name\":\"supportsInterface\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"symbol\",\"outputs\":[{\"internalType\":\"string\",\"name\":\"\",\"type\":\"string\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"totalSupply\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"transfer\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"from\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"transferFrom\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"}]",
	ID:  "72377e5fcb81598182e09ccdc33f352880",
	Bin: "0x610160604052348015610010575f5ffd5b5060405161196d38038061196d83398101604081905261002f916102d4565b6040518060400160405280601b81526020017f48656c696f7374617420446576656c6f706d656e7420546f6b656e000000000081525080604051806040016040528060018152602001603160f81b8152506040518060400160405280601b81526020017f48656c696f7374617420446576656c6f706d656e7420546f6b656e00000000008152506040518060400160405280600581526020016448454c494f60d81b81525081600390816100e391906103a4565b5060046100f082826103a4565b505050610102826101e160201b60201c565b6101205261010f816101e1565b61014052815160208084019190912060e052815190820120610100524660a05261019b60e05161010051604080517f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f60208201529081019290925260608201524660808201523060a08201525f9060c00160405160208183030381529060405280519060200120905090565b60805250503060c052506101af5f82610227565b506101da7f9f2df0fed2c77648de5860a4cc508cd0818c85b8b8a1ab4ceeef8d981c8956a682610227565b50506104ba565b5f5f829050601f81511115610214578260405163305a27a960e01b815260040161020b9190610462565b60405180910390fd5b805161021f82610497565b179392505050565b5f8281526008602090815260408083206001600160a01b038516845290915281205460ff166102cb575f8381526008602090815260408083206001600160a01b03861684529091529020805460ff191660011790556102833390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a45060016102ce565b505f5b92915050565b5f602082840312156102e4575f5ffd5b81516001600160a01b03811681146102fa575f5ffd5b9392505050565b634e487b7160e01b5f52604160045260245ffd5b600181811c9082168061032957607f821691505b60208210810361034757634e487b7160e01b5f52602260045260245ffd5b50919050565b601f82111561039f578282111561039f57805f5260205f20601f840160051c602085101561037857505f5b90810190601f840160051c035f5b8181101561039b575f83820155600101610386565b5050505b505050565b81516001600160401b038111156103bd576103bd610301565b6103d1816103cb8454610315565b8461034d565b6020601f821160018114610403575f83156103ec5750848201515b5f19600385901b1c1916600184901b17845561045b565b5f84815260208120601f198516915b828110156104325787850151825560209485019460019092019101610412565b508482101561044f57868401515f19600387901b60f8161c191681555b505060018360011b0184555b5050505050565b602081525f82518060208401528060208501604085015e5f604082850101526040601f19601f83011684010191505092915050565b80516020808301519190811015610347575f1960209190910360031b1b16919050565b60805160a05160c05160e05161010051610120516101405161146261050b5f395f610bc401525f610b9901525f610a8501525f610a5d01525f6109b801525f6109e201525f610a0c01526114625ff3fe608060405234801561000f575f5ffd5b5060043610610179575f3560e01c806370a08231116100d2578063a217fddf11610088578063d539139311610063578063d539139314610329578063d547741f14610350578063dd62ed3e14610363575f5ffd5b8063a217fddf146102fc578063a9059cbb14610303578063d505accf14610316575f5ffd5b806384b0196e116100b857806384b0196e146102a157806391d14854146102bc57806395d89b41146102f4575f5ffd5b806370a08231146102665780637ecebe001461028e575f5ffd5b8063248a9ca3116101325780633644e5151161010d5780633644e5151461023857806336568abe1461024057806340c10f1914610253575f5ffd5b8063248a9ca3146101f25780632f2ff15d14610214578063313ce56714610229575f5ffd5b8063095ea7b311610162578063095ea7b3146101ba57806318160ddd146101cd57806323b872dd146101df575f5ffd5b806301ffc9a71461017d57806306fdde03146101a5575b5f5ffd5b61019061018b366004611153565b61039b565b60405190151581526020015b60405180910390f35b6101ad610433565b60405161019c91906111c7565b6101906101c83660046111f4565b6104c3565b6002545b60405190815260200161019c565b6101906101ed36600461121c565b6104da565b6101d1610200366004611256565b5f9081526008602052604090206001015490565b61022761022236600461126d565b6104fd565b005b6040516006815260200161019c565b6101d1610527565b61022761024e36600461126d565b610535565b6102276102613660046111f4565b610586565b6101d1610274366004611297565b6001600160a01b03165f9081526020819052604090205490565b6101d161029c366004611297565b6105ba565b6102a96105d7565b60405161019c97969594939291906112b0565b6101906102ca36600461126d565b5f9182526008602090815260408084206001600160a01b0393909316845291905290205460ff1690565b6101ad610635565b6101d15f81565b6101906103113660046111f4565b610644565b610227610324366004611362565b610651565b6101d17f9f2df0fed2c77648de5860a4cc508cd0818c85b8b8a1ab4ceeef8d981c8956a681565b61022761035e36600461126d565b6107be565b6101d16103713660046113cf565b6001600160a01b039182165f90815260016020908152604080832093909416825291909152205490565b5f7fffffffff0000000000000000000000000000000000000000000000000000000082167f7965db0b00000000000000000000000000000000000000000000000000000000148061042d57507f01ffc9a7000000000000000000000000000000000000000000000000000000007fffffffff000000000000000000000000000000000000000000000000000000008316145b92915050565b606060038054610442906113f7565b80601f016020809104026020016040519081016040528092919081815260200182805461046e906113f7565b80156104b95780601f10610490576101008083540402835291602001916104b9565b820191905f5260205f20905b81548152906001019060200180831161049c57829003601f168201915b5050505050905090565b5f336104d08185856107e2565b5060019392505050565b5f336104e78582856107ef565b6104f285858561087e565b506001949350505050565b5f82815260086020526040902060010154610517816108f4565b6105218383610901565b50505050565b5f6105306109ac565b905090565b6001600160a01b0381163314610577576040517f6697b23200000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b6105818282610ad5565b505050565b7f9f2df0fed2c77648de5860a4cc508cd0818c85b8b8a1ab4ceeef8d981c8956a66105b0816108f4565b6105818383610b5a565b6001600160a01b0381165f9081526007602052604081205461042d565b5f6060805f5f5f60606105e8610b92565b6105f0610bbd565b604080515f808252602082019092527f0f000000000000000000000000000000000000000000000000000000000000009b939a50919850469750309650945092509050565b606060048054610442906113f7565b5f336104d081858561087e565b83421115610693576040517f62791302000000000000000000000000000000000000000000000000000000008152600481018590526024015b60405180910390fd5b5f7f6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c98888886106de8c6001600160a01b03165f90815260076020526040902080546001810190915590565b6040805160208101969096526001600160a01b0394851690860152929091166060840152608083015260a082015260c0810186905260e0016040516020818303038152906040528051906020012090505f61073882610be8565b90505f61074782878787610c2f565b9050896001600160a01b0316816001600160a01b0316146107a7576040517f4b800e460000000000000000000000000000000000000000000000000000000081526001600160a01b0380831660048301528b16602482015260440161068a565b6107b28a8a8a6107e2565b50505050505050505050565b5f828152600860205260409020600101546107d8816108f4565b6105218383610ad5565b6105818383836001610c5b565b6001600160a01b038381165f908152600160209081526040808320938616835292905220545f198110156105215781811015610870576040517ffb8f41b20000000000000000000000000000000000000000000000000000000081526001600160a01b0384166004820152602481018290526044810183905260640161068a565b61052184848484035f610c5b565b6001600160a01b0383166108c0576040517f96c6fd1e0000000000000000000000000000000000000000000000000000000081525f600482015260240161068a565b6001600160a01b0382166108e95760405163ec442f0560e01b81525f600482015260240161068a565b610581838383610d5f565b6108fe8133610e9e565b50565b5f8281526008602090815260408083206001600160a01b038516845290915281205460ff166109a5575f8381526008602090815260408083206001600160a01b03861684529091529020805460ff1916600117905561095d3390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a450600161042d565b505f61042d565b5f306001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016148015610a0457507f000000000000000000000000000000000000000000000000000000000000000046145b15610a2e57507f000000000000000000000000000000000000000000000000000000000000000090565b610530604080517f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f60208201527f0000000000000000000000000000000000000000000000000000000000000000918101919091527f000000000000000000000000000000000000000000000000000000000000000060608201524660808201523060a08201525f9060c00160405160208183030381529060405280519060200120905090565b5f8281526008602090815260408083206001600160a01b038516845290915281205460ff16156109a5575f8381526008602090815260408083206001600160a01b0386168085529252808320805460ff1916905551339286917ff6391f5c32d9c69d2a47ea670b442974b53935d1edc7fd64eb21e047a839171b9190a450600161042d565b6001600160a01b038216610b835760405163ec442f0560e01b81525f600482015260240161068a565b610b8e5f8383610d5f565b5050565b60606105307f0000000000000000000000000000000000000000000000000000000000000000610f0b565b60606105307f0000000000000000000000000000000000000000000000000000000000000000610f0b565b5f61042d610bf46109ac565b836040517f19010000000000000000000000000000000000000000000000000000000000008152600281019290925260228201526042902090565b5f5f5f5f610c3f88888888610f48565b925092509250610c4f8282611010565b50909695505050505050565b6001600160a01b038416610c9d576040517fe602df050000000000000000000000000000000000000000000000000000000081525f600482015260240161068a565b6001600160a01b038316610cdf576040517f94280d620000000000000000000000000000000000000000000000000000000081525f600482015260240161068a565b6001600160a01b038085165f908152600160209081526040808320938716835292905220829055801561052157826001600160a01b0316846001600160a01b03167f8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b92584604051610d5191815260200190565b60405180910390a350505050565b6001600160a01b038316610d89578060025f828254610d7e919061142f565b90915550610e129050565b6001600160a01b0383165f9081526020819052604090205481811015610df4576040517fe450d38c0000000000000000000000000000000000000000000000000000000081526001600160a01b0385166004820152602481018290526044810183905260640161068a565b6001600160a01b0384165f9081526020819052604090209082900390555b6001600160a01b038216610e2e57600280548290039055610e4c565b6001600160a01b0382165f9081526020819052604090208054820190555b816001600160a01b0316836001600160a01b03167fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef83604051610e9191815260200190565b60405180910390a3505050565b5f8281526008602090815260408083206001600160a01b038516845290915290205460ff16610b8e576040517fe2517d3f0000000000000000000000000000000000000000000000000000000081526001600160a01b03821660048201526024810183905260440161068a565b60605f610f1783611113565b6040805160208082528183019092529192505f91906020820181803683375050509182525060208101929092525090565b5f80807f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0841115610f8157505f91506003905082611006565b604080515f808252602082018084528a905260ff891692820192909252606081018790526080810186905260019060a0016020604051602081039080840390855afa158015610fd2573d5f5f3e3d5ffd5b5050604051601f1901519150506001600160a01b038116610ffd57505f925060019150829050611006565b92505f91508190505b9450945094915050565b5f8260038111156110235761102361144e565b0361102c575050565b60018260038111156110405761104061144e565b03611077576040517ff645eedf00000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b600282600381111561108b5761108b61144e565b036110c5576040517ffce698f70000000000000000000000000000000000000000000000000000000081526004810182905260240161068a565b60038260038111156110d9576110d961144e565b03610b8e576040517fd78bce0c0000000000000000000000000000000000000000000000000000000081526004810182905260240161068a565b5f60ff8216601f81111561042d576040517fb3512b0c00000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b5f60208284031215611163575f5ffd5b81357fffffffff0000000000000000000000000000000000000000000000000000000081168114611192575f5ffd5b9392505050565b5f81518084528060208401602086015e5f602082860101526020601f19601f83011685010191505092915050565b602081525f6111926020830184611199565b80356001600160a01b03811681146111ef575f5ffd5b919050565b5f5f60408385031215611205575f5ffd5b61120e836111d9565b946020939093013593505050565b5f5f5f6060848603121561122e575f5ffd5b611237846111d9565b9250611245602085016111d9565b929592945050506040919091013590565b5f60208284031215611266575f5ffd5b5035919050565b5f5f6040838503121561127e575f5ffd5b8235915061128e602084016111d9565b90509250929050565b5f602082840312156112a7575f5ffd5b611192826111d9565b7fff000000000000000000000000000000000000000000000000000000000000008816815260e060208201525f6112ea60e0830189611199565b82810360408401526112fc8189611199565b606084018890526001600160a01b038716608085015260a0840186905283810360c0850152845180825260208087019350909101905f5b81811015611351578351835260209384019390920191600101611333565b50909b9a5050505050505050505050565b5f5f5f5f5f5f5f60e0888a031215611378575f5ffd5b611381886111d9565b965061138f602089016111d9565b95506040880135945060608801359350608088013560ff811681146113b2575f5ffd5b9699959850939692959460a0840135945060c09093013592915050565b5f5f604083850312156113e0575f5ffd5b6113e9836111d9565b915061128e602084016111d9565b600181811c9082168061140b57607f821691505b60208210810361142957634e487b7160e01b5f52602260045260245ffd5b50919050565b8082018082111561042d57634e487b7160e01b5f52601160045260245ffd5b634e487b7160e01b5f52602160045260245ffd",
}

// HelioToken is an auto generated Go binding around an Ethereum contract.
type HelioToken struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *HelioToken) GetABI() abi.ABI {
	return c.abi
}

// NewHelioToken creates a new instance of HelioToken.
func NewHelioToken() *HelioToken {
	parsed, err := HelioTokenMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &HelioToken{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *HelioToken) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address admin) returns()
func (helioToken *HelioToken) PackConstructor(admin common.Address) []byte {
	enc, err := helioToken.abi.Pack("", admin)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (helioToken *HelioToken) PackDEFAULTADMINROLE() []byte {
	enc, err := helioToken.abi.Pack("DEFAULT_ADMIN_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (helioToken *HelioToken) TryPackDEFAULTADMINROLE() ([]byte, error) {
	return helioToken.abi.Pack("DEFAULT_ADMIN_ROLE")
}

// UnpackDEFAULTADMINROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa217fddf.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (helioToken *HelioToken) UnpackDEFAULTADMINROLE(data []byte) ([32]byte, error) {
	out, err := helioToken.abi.Unpack("DEFAULT_ADMIN_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackDOMAINSEPARATOR is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3644e515.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function DOMAIN_SEPARATOR() view returns(bytes32)
func (helioToken *HelioToken) PackDOMAINSEPARATOR() []byte {
	enc, err := helioToken.abi.Pack("DOMAIN_SEPARATOR")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDOMAINSEPARATOR is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3644e515.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function DOMAIN_SEPARATOR() view returns(bytes32)
func (helioToken *HelioToken) TryPackDOMAINSEPARATOR() ([]byte, error) {
	return helioToken.abi.Pack("DOMAIN_SEPARATOR")
}

// UnpackDOMAINSEPARATOR is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x3644e515.
//
// Solidity: function DOMAIN_SEPARATOR() view returns(bytes32)
func (helioToken *HelioToken) UnpackDOMAINSEPARATOR(data []byte) ([32]byte, error) {
	out, err := helioToken.abi.Unpack("DOMAIN_SEPARATOR", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackMINTERROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd5391393.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MINTER_ROLE() view returns(bytes32)
func (helioToken *HelioToken) PackMINTERROLE() []byte {
	enc, err := helioToken.abi.Pack("MINTER_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMINTERROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd5391393.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MINTER_ROLE() view returns(bytes32)
func (helioToken *HelioToken) TryPackMINTERROLE() ([]byte, error) {
	return helioToken.abi.Pack("MINTER_ROLE")
}

// UnpackMINTERROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xd5391393.
//
// Solidity: function MINTER_ROLE() view returns(bytes32)
func (helioToken *HelioToken) UnpackMINTERROLE(data []byte) ([32]byte, error) {
	out, err := helioToken.abi.Unpack("MINTER_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackAllowance is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xdd62ed3e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function allowance(address owner, address spender) view returns(uint256)
func (helioToken *HelioToken) PackAllowance(owner common.Address, spender common.Address) []byte {
	enc, err := helioToken.abi.Pack("allowance", owner, spender)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAllowance is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xdd62ed3e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function allowance(address owner, address spender) view returns(uint256)
func (helioToken *HelioToken) TryPackAllowance(owner common.Address, spender common.Address) ([]byte, error) {
	return helioToken.abi.Pack("allowance", owner, spender)
}

// UnpackAllowance is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xdd62ed3e.
//
// Solidity: function allowance(address owner, address spender) view returns(uint256)
func (helioToken *HelioToken) UnpackAllowance(data []byte) (*big.Int, error) {
	out, err := helioToken.abi.Unpack("allowance", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackApprove is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x095ea7b3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function approve(address spender, uint256 value) returns(bool)
func (helioToken *HelioToken) PackApprove(spender common.Address, value *big.Int) []byte {
	enc, err := helioToken.abi.Pack("approve", spender, value)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackApprove is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x095ea7b3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function approve(address spender, uint256 value) returns(bool)
func (helioToken *HelioToken) TryPackApprove(spender common.Address, value *big.Int) ([]byte, error) {
	return helioToken.abi.Pack("approve", spender, value)
}

// UnpackApprove is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x095ea7b3.
//
// Solidity: function approve(address spender, uint256 value) returns(bool)
func (helioToken *HelioToken) UnpackApprove(data []byte) (bool, error) {
	out, err := helioToken.abi.Unpack("approve", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackBalanceOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70a08231.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function balanceOf(address account) view returns(uint256)
func (helioToken *HelioToken) PackBalanceOf(account common.Address) []byte {
	enc, err := helioToken.abi.Pack("balanceOf", account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBalanceOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70a08231.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function balanceOf(address account) view returns(uint256)
func (helioToken *HelioToken) TryPackBalanceOf(account common.Address) ([]byte, error) {
	return helioToken.abi.Pack("balanceOf", account)
}

// UnpackBalanceOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x70a08231.
//
// Solidity: function balanceOf(address account) view returns(uint256)
func (helioToken *HelioToken) UnpackBalanceOf(data []byte) (*big.Int, error) {
	out, err := helioToken.abi.Unpack("balanceOf", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackDecimals is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x313ce567.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function decimals() pure returns(uint8)
func (helioToken *HelioToken) PackDecimals() []byte {
	enc, err := helioToken.abi.Pack("decimals")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDecimals is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x313ce567.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function decimals() pure returns(uint8)
func (helioToken *HelioToken) TryPackDecimals() ([]byte, error) {
	return helioToken.abi.Pack("decimals")
}

// UnpackDecimals is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x313ce567.
//
// Solidity: function decimals() pure returns(uint8)
func (helioToken *HelioToken) UnpackDecimals(data []byte) (uint8, error) {
	out, err := helioToken.abi.Unpack("decimals", data)
	if err != nil {
		return *new(uint8), err
	}
	out0 := *abi.ConvertType(out[0], new(uint8)).(*uint8)
	return out0, nil
}

// PackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (helioToken *HelioToken) PackGetRoleAdmin(role [32]byte) []byte {
	enc, err := helioToken.abi.Pack("getRoleAdmin", role)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (helioToken *HelioToken) TryPackGetRoleAdmin(role [32]byte) ([]byte, error) {
	return helioToken.abi.Pack("getRoleAdmin", role)
}

// UnpackGetRoleAdmin is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x248a9ca3.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (helioToken *HelioToken) UnpackGetRoleAdmin(data []byte) ([32]byte, error) {
	out, err := helioToken.abi.Unpack("getRoleAdmin", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (helioToken *HelioToken) PackGrantRole(role [32]byte, account common.Address) []byte {
	enc, err := helioToken.abi.Pack("grantRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (helioToken *HelioToken) TryPackGrantRole(role [32]byte, account common.Address) ([]byte, error) {
	return helioToken.abi.Pack("grantRole", role, account)
}

// PackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (helioToken *HelioToken) PackHasRole(role [32]byte, account common.Address) []byte {
	enc, err := helioToken.abi.Pack("hasRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (helioToken *HelioToken) TryPackHasRole(role [32]byte, account common.Address) ([]byte, error) {
	return helioToken.abi.Pack("hasRole", role, account)
}

// UnpackHasRole is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x91d14854.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (helioToken *HelioToken) UnpackHasRole(data []byte) (bool, error) {
	out, err := helioToken.abi.Unpack("hasRole", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackMint is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x40c10f19.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function mint(address to, uint256 amount) returns()
func (helioToken *HelioToken) PackMint(to common.Address, amount *big.Int) []byte {
	enc, err := helioToken.abi.Pack("mint", to, amount)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMint is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x40c10f19.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function mint(address to, uint256 amount) returns()
func (helioToken *HelioToken) TryPackMint(to common.Address, amount *big.Int) ([]byte, error) {
	return helioToken.abi.Pack("mint", to, amount)
}

// PackName is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x06fdde03.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function name() view returns(string)
func (helioToken *HelioToken) PackName() []byte {
	enc, err := helioToken.abi.Pack("name")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackName is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x06fdde03.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function name() view returns(string)
func (helioToken *HelioToken) TryPackName() ([]byte, error) {
	return helioToken.abi.Pack("name")
}

// UnpackName is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x06fdde03.
//
// Solidity: function name() view returns(string)
func (helioToken *HelioToken) UnpackName(data []byte) (string, error) {
	out, err := helioToken.abi.Unpack("name", data)
	if err != nil {
		return *new(string), err
	}
	out0 := *abi.ConvertType(out[0], new(string)).(*string)
	return out0, nil
}

// PackNonces is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7ecebe00.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function nonces(address owner) view returns(uint256)
func (helioToken *HelioToken) PackNonces(owner common.Address) []byte {
	enc, err := helioToken.abi.Pack("nonces", owner)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackNonces is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7ecebe00.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function nonces(address owner) view returns(uint256)
func (helioToken *HelioToken) TryPackNonces(owner common.Address) ([]byte, error) {
	return helioToken.abi.Pack("nonces", owner)
}

// UnpackNonces is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x7ecebe00.
//
// Solidity: function nonces(address owner) view returns(uint256)
func (helioToken *HelioToken) UnpackNonces(data []byte) (*big.Int, error) {
	out, err := helioToken.abi.Unpack("nonces", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackPermit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd505accf.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) returns()
func (helioToken *HelioToken) PackPermit(owner common.Address, spender common.Address, value *big.Int, deadline *big.Int, v uint8, r [32]byte, s [32]byte) []byte {
	enc, err := helioToken.abi.Pack("permit", owner, spender, value, deadline, v, r, s)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPermit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd505accf.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) returns()
func (helioToken *HelioToken) TryPackPermit(owner common.Address, spender common.Address, value *big.Int, deadline *big.Int, v uint8, r [32]byte, s [32]byte) ([]byte, error) {
	return helioToken.abi.Pack("permit", owner, spender, value, deadline, v, r, s)
}

// PackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function renounceRole(bytes32 role, address callerConfirmation) returns()
func (helioToken *HelioToken) PackRenounceRole(role [32]byte, callerConfirmation common.Address) []byte {
	enc, err := helioToken.abi.Pack("renounceRole", role, callerConfirmation)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function renounceRole(bytes32 role, address callerConfirmation) returns()
func (helioToken *HelioToken) TryPackRenounceRole(role [32]byte, callerConfirmation common.Address) ([]byte, error) {
	return helioToken.abi.Pack("renounceRole", role, callerConfirmation)
}

// PackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (helioToken *HelioToken) PackRevokeRole(role [32]byte, account common.Address) []byte {
	enc, err := helioToken.abi.Pack("revokeRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (helioToken *HelioToken) TryPackRevokeRole(role [32]byte, account common.Address) ([]byte, error) {
	return helioToken.abi.Pack("revokeRole", role, account)
}

// PackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (helioToken *HelioToken) PackSupportsInterface(interfaceId [4]byte) []byte {
	enc, err := helioToken.abi.Pack("supportsInterface", interfaceId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (helioToken *HelioToken) TryPackSupportsInterface(interfaceId [4]byte) ([]byte, error) {
	return helioToken.abi.Pack("supportsInterface", interfaceId)
}

// UnpackSupportsInterface is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x01ffc9a7.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (helioToken *HelioToken) UnpackSupportsInterface(data []byte) (bool, error) {
	out, err := helioToken.abi.Unpack("supportsInterface", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackSymbol is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x95d89b41.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function symbol() view returns(string)
func (helioToken *HelioToken) PackSymbol() []byte {
	enc, err := helioToken.abi.Pack("symbol")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSymbol is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x95d89b41.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function symbol() view returns(string)
func (helioToken *HelioToken) TryPackSymbol() ([]byte, error) {
	return helioToken.abi.Pack("symbol")
}

// UnpackSymbol is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x95d89b41.
//
// Solidity: function symbol() view returns(string)
func (helioToken *HelioToken) UnpackSymbol(data []byte) (string, error) {
	out, err := helioToken.abi.Unpack("symbol", data)
	if err != nil {
		return *new(string), err
	}
	out0 := *abi.ConvertType(out[0], new(string)).(*string)
	return out0, nil
}

// PackTotalSupply is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x18160ddd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function totalSupply() view returns(uint256)
func (helioToken *HelioToken) PackTotalSupply() []byte {
	enc, err := helioToken.abi.Pack("totalSupply")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTotalSupply is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x18160ddd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function totalSupply() view returns(uint256)
func (helioToken *HelioToken) TryPackTotalSupply() ([]byte, error) {
	return helioToken.abi.Pack("totalSupply")
}

// UnpackTotalSupply is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x18160ddd.
//
// Solidity: function totalSupply() view returns(uint256)
func (helioToken *HelioToken) UnpackTotalSupply(data []byte) (*big.Int, error) {
	out, err := helioToken.abi.Unpack("totalSupply", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackTransfer is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa9059cbb.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function transfer(address to, uint256 value) returns(bool)
func (helioToken *HelioToken) PackTransfer(to common.Address, value *big.Int) []byte {
	enc, err := helioToken.abi.Pack("transfer", to, value)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTransfer is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa9059cbb.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function transfer(address to, uint256 value) returns(bool)
func (helioToken *HelioToken) TryPackTransfer(to common.Address, value *big.Int) ([]byte, error) {
	return helioToken.abi.Pack("transfer", to, value)
}

// UnpackTransfer is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa9059cbb.
//
// Solidity: function transfer(address to, uint256 value) returns(bool)
func (helioToken *HelioToken) UnpackTransfer(data []byte) (bool, error) {
	out, err := helioToken.abi.Unpack("transfer", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackTransferFrom is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x23b872dd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function transferFrom(address from, address to, uint256 value) returns(bool)
func (helioToken *HelioToken) PackTransferFrom(from common.Address, to common.Address, value *big.Int) []byte {
	enc, err := helioToken.abi.Pack("transferFrom", from, to, value)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTransferFrom is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x23b872dd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function transferFrom(address from, address to, uint256 value) returns(bool)
func (helioToken *HelioToken) TryPackTransferFrom(from common.Address, to common.Address, value *big.Int) ([]byte, error) {
	return helioToken.abi.Pack("transferFrom", from, to, value)
}

// UnpackTransferFrom is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x23b872dd.
//
// Solidity: function transferFrom(address from, address to, uint256 value) returns(bool)
func (helioToken *HelioToken) UnpackTransferFrom(data []byte) (bool, error) {
	out, err := helioToken.abi.Unpack("transferFrom", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// HelioTokenApproval represents a Approval event raised by the HelioToken contract.
type HelioTokenApproval struct {
	Owner   common.Address
	Spender common.Address
	Value   *big.Int
	Raw     *types.Log // Blockchain specific contextual infos
}

const HelioTokenApprovalEventName = "Approval"

// ContractEventName returns the user-defined event name.
func (HelioTokenApproval) ContractEventName() string {
	return HelioTokenApprovalEventName
}

// UnpackApprovalEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Approval(address indexed owner, address indexed spender, uint256 value)
func (helioToken *HelioToken) UnpackApprovalEvent(log *types.Log) (*HelioTokenApproval, error) {
	event := "Approval"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != helioToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HelioTokenApproval)
	if len(log.Data) > 0 {
		if err := helioToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range helioToken.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// HelioTokenEIP712DomainChanged represents a EIP712DomainChanged event raised by the HelioToken contract.
type HelioTokenEIP712DomainChanged struct {
	Raw *types.Log // Blockchain specific contextual infos
}

const HelioTokenEIP712DomainChangedEventName = "EIP712DomainChanged"

// ContractEventName returns the user-defined event name.
func (HelioTokenEIP712DomainChanged) ContractEventName() string {
	return HelioTokenEIP712DomainChangedEventName
}

// UnpackEIP712DomainChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event EIP712DomainChanged()
func (helioToken *HelioToken) UnpackEIP712DomainChangedEvent(log *types.Log) (*HelioTokenEIP712DomainChanged, error) {
	event := "EIP712DomainChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != helioToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HelioTokenEIP712DomainChanged)
	if len(log.Data) > 0 {
		if err := helioToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range helioToken.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// HelioTokenRoleAdminChanged represents a RoleAdminChanged event raised by the HelioToken contract.
type HelioTokenRoleAdminChanged struct {
	Role              [32]byte
	PreviousAdminRole [32]byte
	NewAdminRole      [32]byte
	Raw               *types.Log // Blockchain specific contextual infos
}

const HelioTokenRoleAdminChangedEventName = "RoleAdminChanged"

// ContractEventName returns the user-defined event name.
func (HelioTokenRoleAdminChanged) ContractEventName() string {
	return HelioTokenRoleAdminChangedEventName
}

// UnpackRoleAdminChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)
func (helioToken *HelioToken) UnpackRoleAdminChangedEvent(log *types.Log) (*HelioTokenRoleAdminChanged, error) {
	event := "RoleAdminChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != helioToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HelioTokenRoleAdminChanged)
	if len(log.Data) > 0 {
		if err := helioToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range helioToken.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// HelioTokenRoleGranted represents a RoleGranted event raised by the HelioToken contract.
type HelioTokenRoleGranted struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const HelioTokenRoleGrantedEventName = "RoleGranted"

// ContractEventName returns the user-defined event name.
func (HelioTokenRoleGranted) ContractEventName() string {
	return HelioTokenRoleGrantedEventName
}

// UnpackRoleGrantedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)
func (helioToken *HelioToken) UnpackRoleGrantedEvent(log *types.Log) (*HelioTokenRoleGranted, error) {
	event := "RoleGranted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != helioToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HelioTokenRoleGranted)
	if len(log.Data) > 0 {
		if err := helioToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range helioToken.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// HelioTokenRoleRevoked represents a RoleRevoked event raised by the HelioToken contract.
type HelioTokenRoleRevoked struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const HelioTokenRoleRevokedEventName = "RoleRevoked"

// ContractEventName returns the user-defined event name.
func (HelioTokenRoleRevoked) ContractEventName() string {
	return HelioTokenRoleRevokedEventName
}

// UnpackRoleRevokedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)
func (helioToken *HelioToken) UnpackRoleRevokedEvent(log *types.Log) (*HelioTokenRoleRevoked, error) {
	event := "RoleRevoked"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != helioToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HelioTokenRoleRevoked)
	if len(log.Data) > 0 {
		if err := helioToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range helioToken.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// HelioTokenTransfer represents a Transfer event raised by the HelioToken contract.
type HelioTokenTransfer struct {
	From  common.Address
	To    common.Address
	Value *big.Int
	Raw   *types.Log // Blockchain specific contextual infos
}

const HelioTokenTransferEventName = "Transfer"

// ContractEventName returns the user-defined event name.
func (HelioTokenTransfer) ContractEventName() string {
	return HelioTokenTransferEventName
}

// UnpackTransferEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Transfer(address indexed from, address indexed to, uint256 value)
func (helioToken *HelioToken) UnpackTransferEvent(log *types.Log) (*HelioTokenTransfer, error) {
	event := "Transfer"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != helioToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HelioTokenTransfer)
	if len(log.Data) > 0 {
		if err := helioToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range helioToken.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// UnpackError attempts to decode the provided error data using user-defined
// error definitions.
func (helioToken *HelioToken) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], helioToken.abi.Errors["AccessControlBadConfirmation"].ID.Bytes()[:4]) {
		return helioToken.UnpackAccessControlBadConfirmationError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["AccessControlUnauthorizedAccount"].ID.Bytes()[:4]) {
		return helioToken.UnpackAccessControlUnauthorizedAccountError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["ECDSAInvalidSignature"].ID.Bytes()[:4]) {
		return helioToken.UnpackECDSAInvalidSignatureError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["ECDSAInvalidSignatureLength"].ID.Bytes()[:4]) {
		return helioToken.UnpackECDSAInvalidSignatureLengthError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["ECDSAInvalidSignatureS"].ID.Bytes()[:4]) {
		return helioToken.UnpackECDSAInvalidSignatureSError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["ERC20InsufficientAllowance"].ID.Bytes()[:4]) {
		return helioToken.UnpackERC20InsufficientAllowanceError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["ERC20InsufficientBalance"].ID.Bytes()[:4]) {
		return helioToken.UnpackERC20InsufficientBalanceError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["ERC20InvalidApprover"].ID.Bytes()[:4]) {
		return helioToken.UnpackERC20InvalidApproverError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["ERC20InvalidReceiver"].ID.Bytes()[:4]) {
		return helioToken.UnpackERC20InvalidReceiverError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["ERC20InvalidSender"].ID.Bytes()[:4]) {
		return helioToken.UnpackERC20InvalidSenderError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["ERC20InvalidSpender"].ID.Bytes()[:4]) {
		return helioToken.UnpackERC20InvalidSpenderError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["ERC2612ExpiredSignature"].ID.Bytes()[:4]) {
		return helioToken.UnpackERC2612ExpiredSignatureError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["ERC2612InvalidSigner"].ID.Bytes()[:4]) {
		return helioToken.UnpackERC2612InvalidSignerError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["InvalidAccountNonce"].ID.Bytes()[:4]) {
		return helioToken.UnpackInvalidAccountNonceError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["InvalidShortString"].ID.Bytes()[:4]) {
		return helioToken.UnpackInvalidShortStringError(raw[4:])
	}
	if bytes.Equal(raw[:4], helioToken.abi.Errors["StringTooLong"].ID.Bytes()[:4]) {
		return helioToken.UnpackStringTooLongError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// HelioTokenAccessControlBadConfirmation represents a AccessControlBadConfirmation error raised by the HelioToken contract.
type HelioTokenAccessControlBadConfirmation struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlBadConfirmation()
func HelioTokenAccessControlBadConfirmationErrorID() common.Hash {
	return common.HexToHash("0x6697b23232a647058342c0724fe7c415cab25915b54e5dbc03f233173d37b41c")
}

// UnpackAccessControlBadConfirmationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlBadConfirmation()
func (helioToken *HelioToken) UnpackAccessControlBadConfirmationError(raw []byte) (*HelioTokenAccessControlBadConfirmation, error) {
	out := new(HelioTokenAccessControlBadConfirmation)
	if err := helioToken.abi.UnpackIntoInterface(out, "AccessControlBadConfirmation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenAccessControlUnauthorizedAccount represents a AccessControlUnauthorizedAccount error raised by the HelioToken contract.
type HelioTokenAccessControlUnauthorizedAccount struct {
	Account    common.Address
	NeededRole [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func HelioTokenAccessControlUnauthorizedAccountErrorID() common.Hash {
	return common.HexToHash("0xe2517d3fbfae6f8515ef5ff1ccedc3933ab0cbbda0b492c06eb54ad10ef03b3e")
}

// UnpackAccessControlUnauthorizedAccountError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func (helioToken *HelioToken) UnpackAccessControlUnauthorizedAccountError(raw []byte) (*HelioTokenAccessControlUnauthorizedAccount, error) {
	out := new(HelioTokenAccessControlUnauthorizedAccount)
	if err := helioToken.abi.UnpackIntoInterface(out, "AccessControlUnauthorizedAccount", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenECDSAInvalidSignature represents a ECDSAInvalidSignature error raised by the HelioToken contract.
type HelioTokenECDSAInvalidSignature struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignature()
func HelioTokenECDSAInvalidSignatureErrorID() common.Hash {
	return common.HexToHash("0xf645eedf0193584640b6b90cb9477e4c95b98636c148a891d4c0a146dc46e75a")
}

// UnpackECDSAInvalidSignatureError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignature()
func (helioToken *HelioToken) UnpackECDSAInvalidSignatureError(raw []byte) (*HelioTokenECDSAInvalidSignature, error) {
	out := new(HelioTokenECDSAInvalidSignature)
	if err := helioToken.abi.UnpackIntoInterface(out, "ECDSAInvalidSignature", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenECDSAInvalidSignatureLength represents a ECDSAInvalidSignatureLength error raised by the HelioToken contract.
type HelioTokenECDSAInvalidSignatureLength struct {
	Length *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignatureLength(uint256 length)
func HelioTokenECDSAInvalidSignatureLengthErrorID() common.Hash {
	return common.HexToHash("0xfce698f7e8e5342cd615f641317bc45fe7e1e4a8b0a14dd1383ff8dc9c41917f")
}

// UnpackECDSAInvalidSignatureLengthError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignatureLength(uint256 length)
func (helioToken *HelioToken) UnpackECDSAInvalidSignatureLengthError(raw []byte) (*HelioTokenECDSAInvalidSignatureLength, error) {
	out := new(HelioTokenECDSAInvalidSignatureLength)
	if err := helioToken.abi.UnpackIntoInterface(out, "ECDSAInvalidSignatureLength", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenECDSAInvalidSignatureS represents a ECDSAInvalidSignatureS error raised by the HelioToken contract.
type HelioTokenECDSAInvalidSignatureS struct {
	S [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignatureS(bytes32 s)
func HelioTokenECDSAInvalidSignatureSErrorID() common.Hash {
	return common.HexToHash("0xd78bce0cccb935155ed6428d1c13e50b7f3550fd2b66b9fe266006fea4a5e1eb")
}

// UnpackECDSAInvalidSignatureSError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignatureS(bytes32 s)
func (helioToken *HelioToken) UnpackECDSAInvalidSignatureSError(raw []byte) (*HelioTokenECDSAInvalidSignatureS, error) {
	out := new(HelioTokenECDSAInvalidSignatureS)
	if err := helioToken.abi.UnpackIntoInterface(out, "ECDSAInvalidSignatureS", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenERC20InsufficientAllowance represents a ERC20InsufficientAllowance error raised by the HelioToken contract.
type HelioTokenERC20InsufficientAllowance struct {
	Spender   common.Address
	Allowance *big.Int
	Needed    *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)
func HelioTokenERC20InsufficientAllowanceErrorID() common.Hash {
	return common.HexToHash("0xfb8f41b23e99d2101d86da76cdfa87dd51c82ed07d3cb62cbc473e469dbc75c3")
}

// UnpackERC20InsufficientAllowanceError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)
func (helioToken *HelioToken) UnpackERC20InsufficientAllowanceError(raw []byte) (*HelioTokenERC20InsufficientAllowance, error) {
	out := new(HelioTokenERC20InsufficientAllowance)
	if err := helioToken.abi.UnpackIntoInterface(out, "ERC20InsufficientAllowance", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenERC20InsufficientBalance represents a ERC20InsufficientBalance error raised by the HelioToken contract.
type HelioTokenERC20InsufficientBalance struct {
	Sender  common.Address
	Balance *big.Int
	Needed  *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)
func HelioTokenERC20InsufficientBalanceErrorID() common.Hash {
	return common.HexToHash("0xe450d38cd8d9f7d95077d567d60ed49c7254716e6ad08fc9872816c97e0ffec6")
}

// UnpackERC20InsufficientBalanceError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)
func (helioToken *HelioToken) UnpackERC20InsufficientBalanceError(raw []byte) (*HelioTokenERC20InsufficientBalance, error) {
	out := new(HelioTokenERC20InsufficientBalance)
	if err := helioToken.abi.UnpackIntoInterface(out, "ERC20InsufficientBalance", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenERC20InvalidApprover represents a ERC20InvalidApprover error raised by the HelioToken contract.
type HelioTokenERC20InvalidApprover struct {
	Approver common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InvalidApprover(address approver)
func HelioTokenERC20InvalidApproverErrorID() common.Hash {
	return common.HexToHash("0xe602df05cc75712490294c6c104ab7c17f4030363910a7a2626411c6d3118847")
}

// UnpackERC20InvalidApproverError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InvalidApprover(address approver)
func (helioToken *HelioToken) UnpackERC20InvalidApproverError(raw []byte) (*HelioTokenERC20InvalidApprover, error) {
	out := new(HelioTokenERC20InvalidApprover)
	if err := helioToken.abi.UnpackIntoInterface(out, "ERC20InvalidApprover", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenERC20InvalidReceiver represents a ERC20InvalidReceiver error raised by the HelioToken contract.
type HelioTokenERC20InvalidReceiver struct {
	Receiver common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InvalidReceiver(address receiver)
func HelioTokenERC20InvalidReceiverErrorID() common.Hash {
	return common.HexToHash("0xec442f055133b72f3b2f9f0bb351c406b178527de2040a7d1feb4e058771f613")
}

// UnpackERC20InvalidReceiverError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InvalidReceiver(address receiver)
func (helioToken *HelioToken) UnpackERC20InvalidReceiverError(raw []byte) (*HelioTokenERC20InvalidReceiver, error) {
	out := new(HelioTokenERC20InvalidReceiver)
	if err := helioToken.abi.UnpackIntoInterface(out, "ERC20InvalidReceiver", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenERC20InvalidSender represents a ERC20InvalidSender error raised by the HelioToken contract.
type HelioTokenERC20InvalidSender struct {
	Sender common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InvalidSender(address sender)
func HelioTokenERC20InvalidSenderErrorID() common.Hash {
	return common.HexToHash("0x96c6fd1edd0cd6ef7ff0ecc0facdf53148dc0048b57fe58af65755250a7a96bd")
}

// UnpackERC20InvalidSenderError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InvalidSender(address sender)
func (helioToken *HelioToken) UnpackERC20InvalidSenderError(raw []byte) (*HelioTokenERC20InvalidSender, error) {
	out := new(HelioTokenERC20InvalidSender)
	if err := helioToken.abi.UnpackIntoInterface(out, "ERC20InvalidSender", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenERC20InvalidSpender represents a ERC20InvalidSpender error raised by the HelioToken contract.
type HelioTokenERC20InvalidSpender struct {
	Spender common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InvalidSpender(address spender)
func HelioTokenERC20InvalidSpenderErrorID() common.Hash {
	return common.HexToHash("0x94280d62c347d8d9f4d59a76ea321452406db88df38e0c9da304f58b57b373a2")
}

// UnpackERC20InvalidSpenderError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InvalidSpender(address spender)
func (helioToken *HelioToken) UnpackERC20InvalidSpenderError(raw []byte) (*HelioTokenERC20InvalidSpender, error) {
	out := new(HelioTokenERC20InvalidSpender)
	if err := helioToken.abi.UnpackIntoInterface(out, "ERC20InvalidSpender", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenERC2612ExpiredSignature represents a ERC2612ExpiredSignature error raised by the HelioToken contract.
type HelioTokenERC2612ExpiredSignature struct {
	Deadline *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC2612ExpiredSignature(uint256 deadline)
func HelioTokenERC2612ExpiredSignatureErrorID() common.Hash {
	return common.HexToHash("0x627913023c184eaad13735d5a3d2657ae76ec9a872a70e0fc57522ef1a114d58")
}

// UnpackERC2612ExpiredSignatureError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC2612ExpiredSignature(uint256 deadline)
func (helioToken *HelioToken) UnpackERC2612ExpiredSignatureError(raw []byte) (*HelioTokenERC2612ExpiredSignature, error) {
	out := new(HelioTokenERC2612ExpiredSignature)
	if err := helioToken.abi.UnpackIntoInterface(out, "ERC2612ExpiredSignature", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenERC2612InvalidSigner represents a ERC2612InvalidSigner error raised by the HelioToken contract.
type HelioTokenERC2612InvalidSigner struct {
	Signer common.Address
	Owner  common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC2612InvalidSigner(address signer, address owner)
func HelioTokenERC2612InvalidSignerErrorID() common.Hash {
	return common.HexToHash("0x4b800e463b323b1d856edf9dec70329a639d13874a57f5c28219ff57128756db")
}

// UnpackERC2612InvalidSignerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC2612InvalidSigner(address signer, address owner)
func (helioToken *HelioToken) UnpackERC2612InvalidSignerError(raw []byte) (*HelioTokenERC2612InvalidSigner, error) {
	out := new(HelioTokenERC2612InvalidSigner)
	if err := helioToken.abi.UnpackIntoInterface(out, "ERC2612InvalidSigner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenInvalidAccountNonce represents a InvalidAccountNonce error raised by the HelioToken contract.
type HelioTokenInvalidAccountNonce struct {
	Account      common.Address
	CurrentNonce *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidAccountNonce(address account, uint256 currentNonce)
func HelioTokenInvalidAccountNonceErrorID() common.Hash {
	return common.HexToHash("0x752d88c0de02638abf10e8e31861e4c68dc1f3a1e7d840e580683f2c282bfc7a")
}

// UnpackInvalidAccountNonceError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidAccountNonce(address account, uint256 currentNonce)
func (helioToken *HelioToken) UnpackInvalidAccountNonceError(raw []byte) (*HelioTokenInvalidAccountNonce, error) {
	out := new(HelioTokenInvalidAccountNonce)
	if err := helioToken.abi.UnpackIntoInterface(out, "InvalidAccountNonce", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenInvalidShortString represents a InvalidShortString error raised by the HelioToken contract.
type HelioTokenInvalidShortString struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidShortString()
func HelioTokenInvalidShortStringErrorID() common.Hash {
	return common.HexToHash("0xb3512b0c6163e5f0bafab72bb631b9d58cd7a731b082f910338aa21c83d5c274")
}

// UnpackInvalidShortStringError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidShortString()
func (helioToken *HelioToken) UnpackInvalidShortStringError(raw []byte) (*HelioTokenInvalidShortString, error) {
	out := new(HelioTokenInvalidShortString)
	if err := helioToken.abi.UnpackIntoInterface(out, "InvalidShortString", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HelioTokenStringTooLong represents a StringTooLong error raised by the HelioToken contract.
type HelioTokenStringTooLong struct {
	Str string
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StringTooLong(string str)
func HelioTokenStringTooLongErrorID() common.Hash {
	return common.HexToHash("0x305a27a93f8e33b7392df0a0f91d6fc63847395853c45991eec52dbf24d72381")
}

// UnpackStringTooLongError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StringTooLong(string str)
func (helioToken *HelioToken) UnpackStringTooLongError(raw []byte) (*HelioTokenStringTooLong, error) {
	out := new(HelioTokenStringTooLong)
	if err := helioToken.abi.UnpackIntoInterface(out, "StringTooLong", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowMetaData contains all meta data concerning the JobEscrow contract.
var JobEscrowMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"token_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"payouts_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"admin\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"disputeWindow_\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"reclaimDelay_\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[],\"name\":\"AccessControlBadConfirmation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"neededRole\",\"type\":\"bytes32\"}],\"name\":\"AccessControlUnauthorizedAccount\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"}],\"name\":\"AlreadyFunded\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"spent\",\"type\":\"uint256\"}],\"name\":\"BelowSpent\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"held\",\"type\":\"uint256\"}],\"name\":\"ClaimOpen\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"EnforcedPause\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ExpectedPause\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"name\":\"Expired\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"InvalidShortString\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"}],\"name\":\"NoClaim\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotAllowed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"funded\",\"type\":\"uint256\"}],\"name\":\"OverCeiling\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"payableNow\",\"type\":\"uint256\"}],\"name\":\"OverPayable\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ReentrancyGuardReentrantCall\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"digest\",\"type\":\"bytes32\"}],\"name\":\"Replayed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"bits\",\"type\":\"uint8\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"SafeCastOverflowedUintDowncast\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"token\",\"type\":\"address\"}],\"name\":\"SafeERC20FailedOperation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"fundedBefore\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"funded\",\"type\":\"uint256\"}],\"name\":\"StaleTopUp\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"string\",\"name\":\"str\",\"type\":\"string\"}],\"name\":\"StringTooLong\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"until\",\"type\":\"uint256\"}],\"name\":\"TooEarly\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"}],\"name\":\"TooManyDeliveries\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"ended\",\"type\":\"uint256\"}],\"name\":\"WindowClosed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"until\",\"type\":\"uint256\"}],\"name\":\"WindowOpen\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"expected\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"received\",\"type\":\"uint256\"}],\"name\":\"WrongAmountReceived\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"deliveryRoot\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"recorded\",\"type\":\"bytes32\"}],\"name\":\"WrongDelivery\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"expected\",\"type\":\"address\"}],\"name\":\"WrongSigner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"internalType\":\"enumIJobEscrow.State\",\"name\":\"state\",\"type\":\"uint8\"}],\"name\":\"WrongState\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroValue\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"deliveryRoot\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"Accepted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"deliveryRoot\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"Delivered\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"framesHash\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"Disputed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"EIP712DomainChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"artist\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"quoteHash\",\"type\":\"bytes32\"}],\"name\":\"Funded\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"Paused\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"Refunded\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"refunded\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"payableNow\",\"type\":\"uint256\"}],\"name\":\"Resolved\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"previousAdminRole\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"newAdminRole\",\"type\":\"bytes32\"}],\"name\":\"RoleAdminChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleGranted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleRevoked\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"spent\",\"type\":\"uint256\"}],\"name\":\"Settled\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"funded\",\"type\":\"uint256\"}],\"name\":\"ToppedUp\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"Unpaused\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"ARBITER_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"DEFAULT_ADMIN_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"GUARDIAN_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_DELIVERIES\",\"outputs\":[{\"internalType\":\"uint8\",\"name\":\"\",\"type\":\"uint8\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"OPERATOR_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"deliveryRoot\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"framesHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"internalType\":\"structIJobEscrow.BadResult\",\"name\":\"claim\",\"type\":\"tuple\"},{\"internalType\":\"bytes\",\"name\":\"signature\",\"type\":\"bytes\"}],\"name\":\"dispute\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"disputeWindow\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"artist\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"bytes32\",\"name\":\"quoteHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"internalType\":\"structIJobEscrow.Funding\",\"name\":\"funding\",\"type\":\"tuple\"},{\"internalType\":\"bytes\",\"name\":\"signature\",\"type\":\"bytes\"},{\"components\":[{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"},{\"internalType\":\"uint8\",\"name\":\"v\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"r\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"internalType\":\"structIPermit.Permit\",\"name\":\"permit\",\"type\":\"tuple\"}],\"name\":\"fund\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"}],\"name\":\"getRoleAdmin\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"grantRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"hasRole\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"}],\"name\":\"job\",\"outputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"artist\",\"type\":\"address\"},{\"internalType\":\"enumIJobEscrow.State\",\"name\":\"state\",\"type\":\"uint8\"},{\"internalType\":\"uint8\",\"name\":\"deliveries\",\"type\":\"uint8\"},{\"internalType\":\"uint40\",\"name\":\"fundedAt\",\"type\":\"uint40\"},{\"internalType\":\"uint40\",\"name\":\"deliveredAt\",\"type\":\"uint40\"},{\"internalType\":\"uint128\",\"name\":\"funded\",\"type\":\"uint128\"},{\"internalType\":\"uint128\",\"name\":\"spent\",\"type\":\"uint128\"},{\"internalType\":\"uint128\",\"name\":\"payable_\",\"type\":\"uint128\"},{\"internalType\":\"uint128\",\"name\":\"held\",\"type\":\"uint128\"},{\"internalType\":\"bytes32\",\"name\":\"quoteHash\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"deliveryRoot\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"fundedBlock\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"deliveredBlock\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"settledBlock\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"closedBlock\",\"type\":\"uint64\"}],\"internalType\":\"structIJobEscrow.Job\",\"name\":\"\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"deliveryRoot\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"markDelivered\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pause\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"paused\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"payouts\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"internalType\":\"structIJobEscrow.Reclaim\",\"name\":\"message\",\"type\":\"tuple\"},{\"internalType\":\"bytes\",\"name\":\"signature\",\"type\":\"bytes\"}],\"name\":\"reclaim\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"reclaimDelay\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"}],\"name\":\"refund\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"callerConfirmation\",\"type\":\"address\"}],\"name\":\"renounceRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"refunded\",\"type\":\"uint256\"}],\"name\":\"resolve\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"revokeRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"cumulative\",\"type\":\"uint256\"},{\"internalType\":\"bytes\",\"name\":\"acceptance\",\"type\":\"bytes\"}],\"name\":\"settle\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes4\",\"name\":\"interfaceId\",\"type\":\"bytes4\"}],\"name\":\"supportsInterface\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"token\",\"outputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"jobId\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"artist\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"fundedBefore\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"internalType\":\"structIJobEscrow.TopUp\",\"name\":\"more\",\"type\":\"tuple\"},{\"internalType\":\"bytes\",\"name\":\"signature\",\"type\":\"bytes\"},{\"components\":[{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"},{\"internalType\":\"uint8\",\"name\":\"v\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"r\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"internalType\":\"structIPermit.Permit\",\"name\":\"permit\",\"type\":\"tuple\"}],\"name\":\"topUp\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"unpause\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"}]",
	ID:  "7f8fddd08a1c91c987a7e5a2d6b3d73157",
	Bin: "0x6101e0604052348015610010575f5ffd5b506040516136a53803806136a583398101604081905261002f9161038b565b6040518060400160405280601381526020017f48656c696f73746174204a6f62457363726f7700000000000000000000000000815250604051806040016040528060018152602001603160f81b81525061008e8261028160201b60201c565b6101205261009b81610281565b61014052815160208084019190912060e052815190820120610100524660a05261012760e05161010051604080517f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f60208201529081019290925260608201524660808201523060a08201525f9060c00160405160208183030381529060405280519060200120905090565b60805250503060c05260017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f00556001600160a01b038516158061017157506001600160a01b038416155b8061018357506001600160a01b038316155b156101a157604051637c946ed760e01b815260040160405180910390fd5b8115806101ac575080155b156101ca57604051637c946ed760e01b815260040160405180910390fd5b6001600160a01b03808616610160528416610180526101a08290526101c08190526101f55f846102c7565b506102207f97667070c54ef182b0f5858b034beac1b6f3089aa2d3188bb1e8929f4fa9b929846102c7565b5061024b7fbb08418a67729a078f87bbc8d02a770929bb68f5bfdf134ae2ead6ed38e2f4ae846102c7565b506102767f55435dd261a4b9b3364963f7738a7a662ad9c84396d64be3365284bb7f0a5041846102c7565b505050505050610440565b5f5f829050601f815111156102b4578260405163305a27a960e01b81526004016102ab91906103e5565b60405180910390fd5b80516102bf8261041a565b179392505050565b5f8281526002602090815260408083206001600160a01b038516845290915281205460ff1661036b575f8381526002602090815260408083206001600160a01b03861684529091529020805460ff191660011790556103233390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a450600161036e565b505f5b92915050565b6001600160a01b0381168114610388575f5ffd5b50565b5f5f5f5f5f60a0868803121561039f575f5ffd5b85516103aa81610374565b60208701519095506103bb81610374565b60408701519094506103cc81610374565b6060870151608090970151959894975095949392505050565b602081525f82518060208401528060208501604085015e5f604082850101526040601f19601f83011684010191505092915050565b8051602080830151919081101561043a575f198160200360031b1b821691505b50919050565b60805160a05160c05160e05161010051610120516101405161016051610180516101a0516101c05161319f6105065f395f818161023601526121de01525f818161020101528181610e7a015281816113e001526121a301525f81816103c701526115fa01525f81816104a0015281816115d801528181611d5d01528181611e3501528181611eb501528181611efe015261232a01525f61241701525f6123e701525f61293b01525f61291301525f61286e01525f61289801525f6128c2015261319f5ff3fe608060405234801561000f575f5ffd5b50600436106101bb575f3560e01c80637249fbb6116100f3578063cda6302611610093578063db371c601161006e578063db371c6014610441578063edb70d9e14610461578063f5b541a614610474578063fc0c546a1461049b575f5ffd5b8063cda6302614610401578063d276798214610414578063d547741f1461042e575f5ffd5b806391d14854116100ce57806391d148541461037057806393deddf2146103a8578063a217fddf146103bb578063a247bc32146103c2575f5ffd5b80637249fbb61461033a5780638456cb591461034d57806384b0196e14610355575f5ffd5b80632f2ff15d1161015e5780633f4ba83a116101395780633f4ba83a146102ed5780634d104adf146102f55780635c975abb1461031c57806370789ded14610327575f5ffd5b80632f2ff15d146102b457806336568abe146102c757806339458616146102da575f5ffd5b806313ae293a1161019957806313ae293a14610231578063248a9ca31461025857806324ea54f41461027a5780632b25b24a146102a1575f5ffd5b806301ffc9a7146101bf5780631164932d146101e7578063117f5f92146101fc575b5f5ffd5b6101d26101cd366004612be3565b6104c2565b60405190151581526020015b60405180910390f35b6101fa6101f5366004612c0a565b61052a565b005b6102237f000000000000000000000000000000000000000000000000000000000000000081565b6040519081526020016101de565b6102237f000000000000000000000000000000000000000000000000000000000000000081565b610223610266366004612c33565b5f9081526002602052604090206001015490565b6102237f55435dd261a4b9b3364963f7738a7a662ad9c84396d64be3365284bb7f0a504181565b6101fa6102af366004612ca5565b610897565b6101fa6102c2366004612d1f565b610b8b565b6101fa6102d5366004612d1f565b610baf565b6102236102e8366004612d49565b610c00565b6101fa610d35565b6102237fbb08418a67729a078f87bbc8d02a770929bb68f5bfdf134ae2ead6ed38e2f4ae81565b60035460ff166101d2565b6101fa610335366004612d9f565b610d4a565b610223610348366004612c33565b611109565b6101fa61124c565b61035d61127e565b6040516101de9796959493929190612e04565b6101d261037e366004612d1f565b5f9182526002602090815260408084206001600160a01b0393909316845291905290205460ff1690565b6101fa6103b6366004612eb6565b6112dc565b6102235f81565b6103e97f000000000000000000000000000000000000000000000000000000000000000081565b6040516001600160a01b0390911681526020016101de565b6101fa61040f366004612ca5565b61164b565b61041c601081565b60405160ff90911681526020016101de565b6101fa61043c366004612d1f565b61189f565b61045461044f366004612c33565b6118c3565b6040516101de9190612f39565b6101fa61046f3660046130a9565b611a6a565b6102237f97667070c54ef182b0f5858b034beac1b6f3089aa2d3188bb1e8929f4fa9b92981565b6103e97f000000000000000000000000000000000000000000000000000000000000000081565b5f6001600160e01b031982167f7965db0b00000000000000000000000000000000000000000000000000000000148061052457507f01ffc9a7000000000000000000000000000000000000000000000000000000006001600160e01b03198316145b92915050565b7f97667070c54ef182b0f5858b034beac1b6f3089aa2d3188bb1e8929f4fa9b92961055481611be7565b5f84815260046020526040902060018154600160a01b900460ff16600481111561058057610580612f05565b141580156105ab575060028154600160a01b900460ff1660048111156105a8576105a8612f05565b14155b156105e2578054604051632b3263b360e01b81526105d9918791600160a01b90910460ff16906004016130c9565b60405180910390fd5b8361060057604051637c946ed760e01b815260040160405180910390fd5b60018101546001600160801b031683111561065f5760018101546040517f583b9728000000000000000000000000000000000000000000000000000000008152600481018590526001600160801b0390911660248201526044016105d9565b6002810154600160801b90046001600160801b0316156106b0576002810154604051631e12278760e31b815260048101879052600160801b9091046001600160801b031660248201526044016105d9565b6001810154600160801b90046001600160801b031615610701576001810154604051637dc8024f60e01b815260048101859052600160801b9091046001600160801b031660248201526044016105d9565b8054600f19600160a81b90910460ff160161074b576040517f51dc7333000000000000000000000000000000000000000000000000000000008152600481018690526024016105d9565b805460ff60a01b19167402000000000000000000000000000000000000000017808255600190829060159061078b908490600160a81b900460ff166130f1565b82546101009290920a60ff8181021990931691909216919091021790555080547affffffffffffffffffffffffffffffffffffffffffffffffffffff16600160d81b4264ffffffffff16021781556005810180547fffffffffffffffffffffffffffffffff0000000000000000ffffffffffffffff16680100000000000000004367ffffffffffffffff16021790556004810184905561082a83611bf1565b6002820180546fffffffffffffffffffffffffffffffff19166001600160801b0392909216919091179055604080518581526020810185905286917f88efc691056296696f515ec416047dea7548cc4ddecb47c1c8b310301ebf51b7910160405180910390a25050505050565b61089f611c41565b6108a7611c6f565b83355f908152600460205260408120908154600160a01b900460ff1660048111156108d4576108d4612f05565b1461090e576040517f153e403d000000000000000000000000000000000000000000000000000000008152853560048201526024016105d9565b8435158061093357505f610928604087016020880161310a565b6001600160a01b0316145b8061094057506040850135155b1561095e57604051637c946ed760e01b815260040160405180910390fd5b61096b8560800135611cae565b610a178535610980604088016020890161310a565b7fa0e4f1376f091f8547b6db3aea102ea99cb82571568874cdae519d0bf018b57488356109b360408b0160208c0161310a565b604080516020810194909452838101929092526001600160a01b0316606083810191909152908a0135608083810191909152908a013560a083015289013560c082015260e0015b604051602081830303815290604052805190602001208787611ceb565b50610a28604086016020870161310a565b81546001600160a01b03919091167fffffffffffffffffffffff00000000000000000000000000000000000000000090911617600160a01b1764ffffffffff60b01b1916600160b01b4264ffffffffff160217815560058101805467ffffffffffffffff19164367ffffffffffffffff16179055610aa96040860135611bf1565b6001820180546fffffffffffffffffffffffffffffffff19166001600160801b039290921691909117905560608501356003820155610aee604086016020870161310a565b60408051818801358152606088013560208201526001600160a01b0392909216918735917fcb0f0b7a0a8a4096549164bb3829fbca6e2f2aa883396beac3c9343ed53b6137910160405180910390a3610b5b610b50604087016020880161310a565b866040013584611d3b565b50610b8560017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b50505050565b5f82815260026020526040902060010154610ba581611be7565b610b858383611fbd565b6001600160a01b0381163314610bf1576040517f6697b23200000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b610bfb8282612068565b505050565b5f610c09611c41565b83355f81815260046020526040902090610c2390826120ed565b5f610c34604087016020880161310a565b6001600160a01b031603610c5b57604051637c946ed760e01b815260040160405180910390fd5b610c6481612165565b610c718560400135611cae565b8054610ce6908635906001600160a01b03167f5bad6271374aa90906e64c2e548f914300dca51e63c25749b0368e3ea6e197e282610cb560408b0160208c0161310a565b604080516020810194909452838101929092526001600160a01b03166060830152890135608082015260a0016109fa565b50610d02853582610cfd6040890160208a0161310a565b612242565b915050610d2e60017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b9392505050565b5f610d3f81611be7565b610d47612351565b50565b82355f90815260046020526040902060028154600160a01b900460ff166004811115610d7857610d78612f05565b14610da7578054604051632b3263b360e01b81526105d991863591600160a01b90910460ff16906004016130c9565b83606001355f03610dcb57604051637c946ed760e01b815260040160405180910390fd5b8060040154846020013514610e1f576004808201546040517fe58b5b9400000000000000000000000000000000000000000000000000000000815260208701359281019290925260248201526044016105d9565b6002810154600160801b90046001600160801b031615610e70576002810154604051631e12278760e31b815285356004820152600160801b9091046001600160801b031660248201526044016105d9565b80545f90610ead907f000000000000000000000000000000000000000000000000000000000000000090600160d81b900464ffffffffff16613123565b9050804210610eeb576040517fdb57bfb8000000000000000000000000000000000000000000000000000000008152600481018290526024016105d9565b60018201546002830154610f12916001600160801b03600160801b90910481169116613136565b6001600160801b031685606001351115610f7e5760018201546002830154606087013591610f53916001600160801b03600160801b90920482169116613136565b604051638bff3a6560e01b815260048101929092526001600160801b031660248201526044016105d9565b610f8b8560800135611cae565b8154604080517f7abf12f803b6c048fa71dd4e842e5a61ab89e9e0e662998e8b920b0a73d5e245602082810191909152883582840181905290890135606083810191909152928901356080838101919091529289013560a08301529188013560c08201525f9261102292916001600160a01b039091169060e001604051602081830303815290604052805190602001208888611ceb565b5f8181526005602052604090205490915060ff1615611070576040517f2a113fdf000000000000000000000000000000000000000000000000000000008152600481018290526024016105d9565b5f818152600560205260409020805460ff191660011790556110956060870135611bf1565b6002840180546001600160801b03928316600160801b029216919091179055604080518735917f73651f62038e403db45e9617c5deed62be445cc465aa7eab483c91c881cb094e916110f9918a01359060608b013590918252602082015260400190565b60405180910390a2505050505050565b5f611112611c41565b5f82815260046020526040902061112983826120ed565b335f9081527f6bc781d8c7f9885ebbb3cefbc18932c491038e2ae5c5b56447891e0bd98ea163602052604090205460ff16156111b5576002810154600160801b90046001600160801b0316156111b0576002810154604051631e12278760e31b815260048101859052600160801b9091046001600160801b031660248201526044016105d9565b611203565b80546001600160a01b031633036111cf576111b081612165565b6040517ffa5cd00f0000000000000000000000000000000000000000000000000000000081523360048201526024016105d9565b805461121b90849083906001600160a01b0316612242565b91505061124760017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b919050565b7f55435dd261a4b9b3364963f7738a7a662ad9c84396d64be3365284bb7f0a504161127681611be7565b610d476123a3565b5f6060805f5f5f606061128f6123e0565b611297612410565b604080515f808252602082019092527f0f000000000000000000000000000000000000000000000000000000000000009b939a50919850469750309650945092509050565b6112e4611c41565b6112ec611c6f565b7f97667070c54ef182b0f5858b034beac1b6f3089aa2d3188bb1e8929f4fa9b92961131681611be7565b5f85815260046020526040902060028154600160a01b900460ff16600481111561134257611342612f05565b1415801561136d575060038154600160a01b900460ff16600481111561136a5761136a612f05565b14155b1561139b578054604051632b3263b360e01b81526105d9918891600160a01b90910460ff16906004016130c9565b60028154600160a01b900460ff1660048111156113ba576113ba612f05565b036114545782156113d6576113d18682868661243b565b611454565b80545f90611413907f000000000000000000000000000000000000000000000000000000000000000090600160d81b900464ffffffffff16613123565b905080421015611452576040517fb317256b000000000000000000000000000000000000000000000000000000008152600481018290526024016105d9565b505b6001810154600160801b90046001600160801b03168510156114a7576001810154604051637dc8024f60e01b815260048101879052600160801b9091046001600160801b031660248201526044016105d9565b60028101546114c8906001600160801b03600160801b820481169116613136565b6001600160801b03168511156114fb5760028101548590610f53906001600160801b03600160801b820481169116613136565b60018101545f9061151c90600160801b90046001600160801b031687613155565b9050805f0361152c575050610b5b565b61153586611bf1565b6001830180546001600160801b03908116600160801b9390911683021790556005830180547fffffffffffffffff0000000000000000ffffffffffffffffffffffffffffffff164367ffffffffffffffff16909202919091179055604080518281526020810188905288917f2a20f8d2d0f487a3016d77037b3c5768216a3dc76401d33abf5dc381af7171cb910160405180910390a261161f6001600160a01b037f0000000000000000000000000000000000000000000000000000000000000000167f00000000000000000000000000000000000000000000000000000000000000008361257e565b505050610b8560017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b611653611c41565b61165b611c6f565b83355f90815260046020526040902060018154600160a01b900460ff16600481111561168957611689612f05565b146116b8578054604051632b3263b360e01b81526105d991873591600160a01b90910460ff16906004016130c9565b84604001355f036116dc57604051637c946ed760e01b815260040160405180910390fd5b80546001600160a01b03166116f7604087016020880161310a565b6001600160a01b031614611733578054604051630fa3cb9d60e01b8152863560048201526001600160a01b0390911660248201526044016105d9565b60018101546001600160801b03166060860135146117985760018101546040517f60b538b4000000000000000000000000000000000000000000000000000000008152606087013560048201526001600160801b0390911660248201526044016105d9565b6117a58560800135611cae565b80546117e9908635906001600160a01b03167f917306fe068a1d23a9c47c5082591ce849126108f9d0ea7efc5b7439574597e9826109b360408b0160208c0161310a565b506118046117ff60408701356060880135613123565b611bf1565b6001820180546fffffffffffffffffffffffffffffffff19166001600160801b03929092169182179055815464ffffffffff60b01b1916600160b01b4264ffffffffff16021782556040805187820135815260208101929092528635917f2dec156b5ea8eee5b7a582c2e87253d7d59df096556b3ec99aa5d6cec4480524910160405180910390a2610b5b610b50604087016020880161310a565b5f828152600260205260409020600101546118b981611be7565b610b858383612068565b604080516101e0810182525f80825260208201819052918101829052606081018290526080810182905260a0810182905260c0810182905260e08101829052610100810182905261012081018290526101408101829052610160810182905261018081018290526101a081018290526101c08101919091525f8281526004602081815260409283902083516101e0810190945280546001600160a01b0381168552909291840191600160a01b90910460ff169081111561198557611985612f05565b600481111561199657611996612f05565b8152815460ff600160a81b820416602083015264ffffffffff600160b01b820481166040840152600160d81b90910416606082015260018201546001600160801b038082166080840152600160801b91829004811660a0840152600284015480821660c08501528290041660e08301526003830154610100830152600483015461012083015260059092015467ffffffffffffffff80821661014084015268010000000000000000820481166101608401529281048316610180830152600160c01b90049091166101a09091015292915050565b7fbb08418a67729a078f87bbc8d02a770929bb68f5bfdf134ae2ead6ed38e2f4ae611a9481611be7565b5f83815260046020526040812060028101549091600160801b9091046001600160801b03169003611af4576040517fb29e8f6d000000000000000000000000000000000000000000000000000000008152600481018590526024016105d9565b6002810154600160801b90046001600160801b0316831115611b47576002810154604051638bff3a6560e01b815260048101859052600160801b9091046001600160801b031660248201526044016105d9565b6002810180546001600160801b03169055611b6183611bf1565b6002820180545f90611b7d9084906001600160801b0316613136565b82546101009290920a6001600160801b038181021990931691831602179091556002830154604080518781529190921660208201528692507f3d54c4a194e33c023d1ba76f7b608825bde138804d8718e94bed18de2871d79391015b60405180910390a250505050565b610d4781336125b3565b5f6001600160801b03821115611c3d576040517f6dfcc65000000000000000000000000000000000000000000000000000000000815260806004820152602481018390526044016105d9565b5090565b611c49612620565b60027f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b60035460ff1615611cac576040517fd93c066500000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b565b80421115610d47576040517ff80dbaea000000000000000000000000000000000000000000000000000000008152600481018290526024016105d9565b5f611cf58461267b565b9050611d03858285856126c2565b611d3257604051630fa3cb9d60e01b8152600481018790526001600160a01b03861660248201526044016105d9565b95945050505050565b611d4b6060820160408301613168565b60ff1615611e1e576001600160a01b037f00000000000000000000000000000000000000000000000000000000000000001663d505accf843084356020860135611d9b6060880160408901613168565b6040516001600160e01b031960e088901b1681526001600160a01b0395861660048201529490931660248501526044840191909152606483015260ff166084820152606084013560a4820152608084013560c482015260e4015f604051808303815f87803b158015611e0b575f5ffd5b505af1925050508015611e1c575060015b505b6040516370a0823160e01b81523060048201525f907f00000000000000000000000000000000000000000000000000000000000000006001600160a01b0316906370a0823190602401602060405180830381865afa158015611e82573d5f5f3e3d5ffd5b505050506040513d601f19601f82011682018060405250810190611ea69190613188565b9050611edd6001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016853086612738565b6040516370a0823160e01b81523060048201525f9082906001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016906370a0823190602401602060405180830381865afa158015611f43573d5f5f3e3d5ffd5b505050506040513d601f19601f82011682018060405250810190611f679190613188565b611f719190613155565b9050838114611fb6576040517f1ff641ae00000000000000000000000000000000000000000000000000000000815260048101859052602481018290526044016105d9565b5050505050565b5f8281526002602090815260408083206001600160a01b038516845290915281205460ff16612061575f8381526002602090815260408083206001600160a01b03861684529091529020805460ff191660011790556120193390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a4506001610524565b505f610524565b5f8281526002602090815260408083206001600160a01b038516845290915281205460ff1615612061575f8381526002602090815260408083206001600160a01b0386168085529252808320805460ff1916905551339286917ff6391f5c32d9c69d2a47ea670b442974b53935d1edc7fd64eb21e047a839171b9190a4506001610524565b5f8154600160a01b900460ff16600481111561210b5761210b612f05565b1480612133575060048154600160a01b900460ff16600481111561213157612131612f05565b145b15612161578054604051632b3263b360e01b81526105d9918491600160a01b90910460ff16906004016130c9565b5050565b80545f9064ffffffffff600160b01b82048116600160d81b909204161161219b578154600160b01b900464ffffffffff166121d6565b81546121d6907f000000000000000000000000000000000000000000000000000000000000000090600160d81b900464ffffffffff16613123565b90505f6122037f000000000000000000000000000000000000000000000000000000000000000083613123565b905080421015610bfb576040517f2a35a324000000000000000000000000000000000000000000000000000000008152600481018290526024016105d9565b60018201545f90612265906001600160801b03600160801b820481169116613136565b83547404000000000000000000000000000000000000000060ff60a01b199091161784556002840180546001600160801b0390811690915560058501805467ffffffffffffffff4316600160c01b0277ffffffffffffffffffffffffffffffffffffffffffffffff909116179055604051911680825291506001600160a01b0383169085907ff552ca82e113ac3c539c3d617f29fcd19c172a0c75dad017555c9e109f7fe1839060200160405180910390a38015610d2e57610d2e6001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016838361257e565b61235961276e565b6003805460ff191690557f5db9ee0a495bf2e6ff9c91a7834c1ba4fdd244a5e8aa4e537bd38aeae4b073aa335b6040516001600160a01b03909116815260200160405180910390a1565b6123ab611c6f565b6003805460ff191660011790557f62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a2586123863390565b606061240b7f00000000000000000000000000000000000000000000000000000000000000006127aa565b905090565b606061240b7f00000000000000000000000000000000000000000000000000000000000000006127aa565b6002830154600160801b90046001600160801b03161561248c576002830154604051631e12278760e31b815260048101869052600160801b9091046001600160801b031660248201526044016105d9565b825460048401546002850154604080517f2f8fe47f190cefb789fcea2f471c944d1cb2eaf590646d06f2a247674c190753602082015290810188905260608101929092526001600160801b031660808201526125109186916001600160a01b039091169060a001604051602081830303815290604052805190602001208585611ceb565b50825460ff60a01b19167403000000000000000000000000000000000000000017835560048301546002840154604080519283526001600160801b03909116602083015285917f077f7d5f9597f991f12f7f065d610a6f451ab71c2004dbf2b5580e8e08a864799101611bd9565b61258b83838360016127e7565b610bfb57604051635274afe760e01b81526001600160a01b03841660048201526024016105d9565b5f8281526002602090815260408083206001600160a01b038516845290915290205460ff16612161576040517fe2517d3f0000000000000000000000000000000000000000000000000000000081526001600160a01b0382166004820152602481018390526044016105d9565b7f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0054600203611cac576040517f3ee5aeb500000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b5f610524612687612862565b836040517f19010000000000000000000000000000000000000000000000000000000000008152600281019290925260228201526042902090565b5f846001600160a01b03163b5f03612721575f5f6126e186868661298b565b5090925090505f8160038111156126fa576126fa612f05565b1480156127185750866001600160a01b0316826001600160a01b0316145b92505050612730565b61272d858585856129d2565b90505b949350505050565b612746848484846001612a55565b610b8557604051635274afe760e01b81526001600160a01b03851660048201526024016105d9565b60035460ff16611cac576040517f8dfc202b00000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b60605f6127b683612adb565b6040805160208082528183019092529192505f91906020820181803683375050509182525060208101929092525090565b6040517fa9059cbb000000000000000000000000000000000000000000000000000000005f8181526001600160a01b038616600452602485905291602083604481808b5af1925060015f5114831661285657838315161561284a573d5f823e3d81fd5b5f873b113d1516831692505b60405250949350505050565b5f306001600160a01b037f0000000000000000000000000000000000000000000000000000000000000000161480156128ba57507f000000000000000000000000000000000000000000000000000000000000000046145b156128e457507f000000000000000000000000000000000000000000000000000000000000000090565b61240b604080517f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f60208201527f0000000000000000000000000000000000000000000000000000000000000000918101919091527f000000000000000000000000000000000000000000000000000000000000000060608201524660808201523060a08201525f9060c00160405160208183030381529060405280519060200120905090565b5f808060418490036129bf578435602086013560408701355f1a6129b189828585612b1b565b9550955095505050506129c9565b505f915060029050825b93509350939050565b604080517f1626ba7e00000000000000000000000000000000000000000000000000000000808252600482018690526024820192909252604481018390525f91908390818660648301375f82606483010152601f820160051c60051b915060205f60648401838b5afa9050825f5114601f3d111681169350505050949350505050565b6040517f23b872dd000000000000000000000000000000000000000000000000000000005f8181526001600160a01b038781166004528616602452604485905291602083606481808c5af1925060015f51148316612aca578383151615612abe573d5f823e3d81fd5b5f883b113d1516831692505b604052505f60605295945050505050565b5f60ff8216601f811115610524576040517fb3512b0c00000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b5f80807f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0841115612b5457505f91506003905082612bd9565b604080515f808252602082018084528a905260ff891692820192909252606081018790526080810186905260019060a0016020604051602081039080840390855afa158015612ba5573d5f5f3e3d5ffd5b5050604051601f1901519150506001600160a01b038116612bd057505f925060019150829050612bd9565b92505f91508190505b9450945094915050565b5f60208284031215612bf3575f5ffd5b81356001600160e01b031981168114610d2e575f5ffd5b5f5f5f60608486031215612c1c575f5ffd5b505081359360208301359350604090920135919050565b5f60208284031215612c43575f5ffd5b5035919050565b5f60a08284031215612c5a575f5ffd5b50919050565b5f5f83601f840112612c70575f5ffd5b50813567ffffffffffffffff811115612c87575f5ffd5b602083019150836020828501011115612c9e575f5ffd5b9250929050565b5f5f5f5f6101608587031215612cb9575f5ffd5b612cc38686612c4a565b935060a085013567ffffffffffffffff811115612cde575f5ffd5b612cea87828801612c60565b9094509250612cfe90508660c08701612c4a565b905092959194509250565b80356001600160a01b0381168114611247575f5ffd5b5f5f60408385031215612d30575f5ffd5b82359150612d4060208401612d09565b90509250929050565b5f5f5f8385036080811215612d5c575f5ffd5b6060811215612d69575f5ffd5b50839250606084013567ffffffffffffffff811115612d86575f5ffd5b612d9286828701612c60565b9497909650939450505050565b5f5f5f60c08486031215612db1575f5ffd5b612dbb8585612c4a565b925060a084013567ffffffffffffffff811115612d86575f5ffd5b5f81518084528060208401602086015e5f602082860101526020601f19601f83011685010191505092915050565b7fff000000000000000000000000000000000000000000000000000000000000008816815260e060208201525f612e3e60e0830189612dd6565b8281036040840152612e508189612dd6565b606084018890526001600160a01b038716608085015260a0840186905283810360c0850152845180825260208087019350909101905f5b81811015612ea5578351835260209384019390920191600101612e87565b50909b9a5050505050505050505050565b5f5f5f5f60608587031215612ec9575f5ffd5b8435935060208501359250604085013567ffffffffffffffff811115612eed575f5ffd5b612ef987828801612c60565b95989497509550505050565b634e487b7160e01b5f52602160045260245ffd5b60058110612f3557634e487b7160e01b5f52602160045260245ffd5b9052565b81516001600160a01b031681526101e081016020830151612f5d6020840182612f19565b506040830151612f72604084018260ff169052565b506060830151612f8b606084018264ffffffffff169052565b506080830151612fa4608084018264ffffffffff169052565b5060a0830151612fbf60a08401826001600160801b03169052565b5060c0830151612fda60c08401826001600160801b03169052565b5060e0830151612ff560e08401826001600160801b03169052565b506101008301516130126101008401826001600160801b03169052565b5061012083015161012083015261014083015161014083015261016083015161304861016084018267ffffffffffffffff169052565b5061018083015161306661018084018267ffffffffffffffff169052565b506101a08301516130846101a084018267ffffffffffffffff169052565b506101c08301516130a26101c084018267ffffffffffffffff169052565b5092915050565b5f5f604083850312156130ba575f5ffd5b50508035926020909101359150565b82815260408101610d2e6020830184612f19565b634e487b7160e01b5f52601160045260245ffd5b60ff8181168382160190811115610524576105246130dd565b5f6020828403121561311a575f5ffd5b610d2e82612d09565b80820180821115610524576105246130dd565b6001600160801b038281168282160390811115610524576105246130dd565b81810381811115610524576105246130dd565b5f60208284031215613178575f5ffd5b813560ff81168114610d2e575f5ffd5b5f60208284031215613198575f5ffd5b505191905056",
}

// JobEscrow is an auto generated Go binding around an Ethereum contract.
type JobEscrow struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *JobEscrow) GetABI() abi.ABI {
	return c.abi
}

// NewJobEscrow creates a new instance of JobEscrow.
func NewJobEscrow() *JobEscrow {
	parsed, err := JobEscrowMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &JobEscrow{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *JobEscrow) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address token_, address payouts_, address admin, uint256 disputeWindow_, uint256 reclaimDelay_) returns()
func (jobEscrow *JobEscrow) PackConstructor(token_ common.Address, payouts_ common.Address, admin common.Address, disputeWindow_ *big.Int, reclaimDelay_ *big.Int) []byte {
	enc, err := jobEscrow.abi.Pack("", token_, payouts_, admin, disputeWindow_, reclaimDelay_)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackARBITERROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x4d104adf.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function ARBITER_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) PackARBITERROLE() []byte {
	enc, err := jobEscrow.abi.Pack("ARBITER_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackARBITERROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x4d104adf.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function ARBITER_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) TryPackARBITERROLE() ([]byte, error) {
	return jobEscrow.abi.Pack("ARBITER_ROLE")
}

// UnpackARBITERROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x4d104adf.
//
// Solidity: function ARBITER_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) UnpackARBITERROLE(data []byte) ([32]byte, error) {
	out, err := jobEscrow.abi.Unpack("ARBITER_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) PackDEFAULTADMINROLE() []byte {
	enc, err := jobEscrow.abi.Pack("DEFAULT_ADMIN_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) TryPackDEFAULTADMINROLE() ([]byte, error) {
	return jobEscrow.abi.Pack("DEFAULT_ADMIN_ROLE")
}

// UnpackDEFAULTADMINROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa217fddf.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) UnpackDEFAULTADMINROLE(data []byte) ([32]byte, error) {
	out, err := jobEscrow.abi.Unpack("DEFAULT_ADMIN_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackGUARDIANROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x24ea54f4.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function GUARDIAN_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) PackGUARDIANROLE() []byte {
	enc, err := jobEscrow.abi.Pack("GUARDIAN_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGUARDIANROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x24ea54f4.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function GUARDIAN_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) TryPackGUARDIANROLE() ([]byte, error) {
	return jobEscrow.abi.Pack("GUARDIAN_ROLE")
}

// UnpackGUARDIANROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x24ea54f4.
//
// Solidity: function GUARDIAN_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) UnpackGUARDIANROLE(data []byte) ([32]byte, error) {
	out, err := jobEscrow.abi.Unpack("GUARDIAN_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackMAXDELIVERIES is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd2767982.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_DELIVERIES() view returns(uint8)
func (jobEscrow *JobEscrow) PackMAXDELIVERIES() []byte {
	enc, err := jobEscrow.abi.Pack("MAX_DELIVERIES")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXDELIVERIES is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd2767982.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_DELIVERIES() view returns(uint8)
func (jobEscrow *JobEscrow) TryPackMAXDELIVERIES() ([]byte, error) {
	return jobEscrow.abi.Pack("MAX_DELIVERIES")
}

// UnpackMAXDELIVERIES is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xd2767982.
//
// Solidity: function MAX_DELIVERIES() view returns(uint8)
func (jobEscrow *JobEscrow) UnpackMAXDELIVERIES(data []byte) (uint8, error) {
	out, err := jobEscrow.abi.Unpack("MAX_DELIVERIES", data)
	if err != nil {
		return *new(uint8), err
	}
	out0 := *abi.ConvertType(out[0], new(uint8)).(*uint8)
	return out0, nil
}

// PackOPERATORROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf5b541a6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function OPERATOR_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) PackOPERATORROLE() []byte {
	enc, err := jobEscrow.abi.Pack("OPERATOR_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackOPERATORROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf5b541a6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function OPERATOR_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) TryPackOPERATORROLE() ([]byte, error) {
	return jobEscrow.abi.Pack("OPERATOR_ROLE")
}

// UnpackOPERATORROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xf5b541a6.
//
// Solidity: function OPERATOR_ROLE() view returns(bytes32)
func (jobEscrow *JobEscrow) UnpackOPERATORROLE(data []byte) ([32]byte, error) {
	out, err := jobEscrow.abi.Unpack("OPERATOR_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackDispute is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70789ded.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function dispute((bytes32,bytes32,bytes32,uint256,uint256) claim, bytes signature) returns()
func (jobEscrow *JobEscrow) PackDispute(claim IJobEscrowBadResult, signature []byte) []byte {
	enc, err := jobEscrow.abi.Pack("dispute", claim, signature)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDispute is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70789ded.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function dispute((bytes32,bytes32,bytes32,uint256,uint256) claim, bytes signature) returns()
func (jobEscrow *JobEscrow) TryPackDispute(claim IJobEscrowBadResult, signature []byte) ([]byte, error) {
	return jobEscrow.abi.Pack("dispute", claim, signature)
}

// PackDisputeWindow is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x117f5f92.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function disputeWindow() view returns(uint256)
func (jobEscrow *JobEscrow) PackDisputeWindow() []byte {
	enc, err := jobEscrow.abi.Pack("disputeWindow")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDisputeWindow is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x117f5f92.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function disputeWindow() view returns(uint256)
func (jobEscrow *JobEscrow) TryPackDisputeWindow() ([]byte, error) {
	return jobEscrow.abi.Pack("disputeWindow")
}

// UnpackDisputeWindow is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x117f5f92.
//
// Solidity: function disputeWindow() view returns(uint256)
func (jobEscrow *JobEscrow) UnpackDisputeWindow(data []byte) (*big.Int, error) {
	out, err := jobEscrow.abi.Unpack("disputeWindow", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackFund is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2b25b24a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function fund((bytes32,address,uint256,bytes32,uint256) funding, bytes signature, (uint256,uint256,uint8,bytes32,bytes32) permit) returns()
func (jobEscrow *JobEscrow) PackFund(funding IJobEscrowFunding, signature []byte, permit IPermitPermit) []byte {
	enc, err := jobEscrow.abi.Pack("fund", funding, signature, permit)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackFund is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2b25b24a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function fund((bytes32,address,uint256,bytes32,uint256) funding, bytes signature, (uint256,uint256,uint8,bytes32,bytes32) permit) returns()
func (jobEscrow *JobEscrow) TryPackFund(funding IJobEscrowFunding, signature []byte, permit IPermitPermit) ([]byte, error) {
	return jobEscrow.abi.Pack("fund", funding, signature, permit)
}

// PackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (jobEscrow *JobEscrow) PackGetRoleAdmin(role [32]byte) []byte {
	enc, err := jobEscrow.abi.Pack("getRoleAdmin", role)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (jobEscrow *JobEscrow) TryPackGetRoleAdmin(role [32]byte) ([]byte, error) {
	return jobEscrow.abi.Pack("getRoleAdmin", role)
}

// UnpackGetRoleAdmin is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x248a9ca3.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (jobEscrow *JobEscrow) UnpackGetRoleAdmin(data []byte) ([32]byte, error) {
	out, err := jobEscrow.abi.Unpack("getRoleAdmin", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (jobEscrow *JobEscrow) PackGrantRole(role [32]byte, account common.Address) []byte {
	enc, err := jobEscrow.abi.Pack("grantRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (jobEscrow *JobEscrow) TryPackGrantRole(role [32]byte, account common.Address) ([]byte, error) {
	return jobEscrow.abi.Pack("grantRole", role, account)
}

// PackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (jobEscrow *JobEscrow) PackHasRole(role [32]byte, account common.Address) []byte {
	enc, err := jobEscrow.abi.Pack("hasRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (jobEscrow *JobEscrow) TryPackHasRole(role [32]byte, account common.Address) ([]byte, error) {
	return jobEscrow.abi.Pack("hasRole", role, account)
}

// UnpackHasRole is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x91d14854.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (jobEscrow *JobEscrow) UnpackHasRole(data []byte) (bool, error) {
	out, err := jobEscrow.abi.Unpack("hasRole", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackJob is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xdb371c60.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function job(bytes32 jobId) view returns((address,uint8,uint8,uint40,uint40,uint128,uint128,uint128,uint128,bytes32,bytes32,uint64,uint64,uint64,uint64))
func (jobEscrow *JobEscrow) PackJob(jobId [32]byte) []byte {
	enc, err := jobEscrow.abi.Pack("job", jobId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackJob is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xdb371c60.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function job(bytes32 jobId) view returns((address,uint8,uint8,uint40,uint40,uint128,uint128,uint128,uint128,bytes32,bytes32,uint64,uint64,uint64,uint64))
func (jobEscrow *JobEscrow) TryPackJob(jobId [32]byte) ([]byte, error) {
	return jobEscrow.abi.Pack("job", jobId)
}

// UnpackJob is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xdb371c60.
//
// Solidity: function job(bytes32 jobId) view returns((address,uint8,uint8,uint40,uint40,uint128,uint128,uint128,uint128,bytes32,bytes32,uint64,uint64,uint64,uint64))
func (jobEscrow *JobEscrow) UnpackJob(data []byte) (IJobEscrowJob, error) {
	out, err := jobEscrow.abi.Unpack("job", data)
	if err != nil {
		return *new(IJobEscrowJob), err
	}
	out0 := *abi.ConvertType(out[0], new(IJobEscrowJob)).(*IJobEscrowJob)
	return out0, nil
}

// PackMarkDelivered is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1164932d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function markDelivered(bytes32 jobId, bytes32 deliveryRoot, uint256 amount) returns()
func (jobEscrow *JobEscrow) PackMarkDelivered(jobId [32]byte, deliveryRoot [32]byte, amount *big.Int) []byte {
	enc, err := jobEscrow.abi.Pack("markDelivered", jobId, deliveryRoot, amount)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMarkDelivered is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1164932d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function markDelivered(bytes32 jobId, bytes32 deliveryRoot, uint256 amount) returns()
func (jobEscrow *JobEscrow) TryPackMarkDelivered(jobId [32]byte, deliveryRoot [32]byte, amount *big.Int) ([]byte, error) {
	return jobEscrow.abi.Pack("markDelivered", jobId, deliveryRoot, amount)
}

// PackPause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8456cb59.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function pause() returns()
func (jobEscrow *JobEscrow) PackPause() []byte {
	enc, err := jobEscrow.abi.Pack("pause")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8456cb59.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function pause() returns()
func (jobEscrow *JobEscrow) TryPackPause() ([]byte, error) {
	return jobEscrow.abi.Pack("pause")
}

// PackPaused is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5c975abb.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function paused() view returns(bool)
func (jobEscrow *JobEscrow) PackPaused() []byte {
	enc, err := jobEscrow.abi.Pack("paused")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPaused is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5c975abb.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function paused() view returns(bool)
func (jobEscrow *JobEscrow) TryPackPaused() ([]byte, error) {
	return jobEscrow.abi.Pack("paused")
}

// UnpackPaused is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x5c975abb.
//
// Solidity: function paused() view returns(bool)
func (jobEscrow *JobEscrow) UnpackPaused(data []byte) (bool, error) {
	out, err := jobEscrow.abi.Unpack("paused", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackPayouts is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa247bc32.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function payouts() view returns(address)
func (jobEscrow *JobEscrow) PackPayouts() []byte {
	enc, err := jobEscrow.abi.Pack("payouts")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPayouts is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa247bc32.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function payouts() view returns(address)
func (jobEscrow *JobEscrow) TryPackPayouts() ([]byte, error) {
	return jobEscrow.abi.Pack("payouts")
}

// UnpackPayouts is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa247bc32.
//
// Solidity: function payouts() view returns(address)
func (jobEscrow *JobEscrow) UnpackPayouts(data []byte) (common.Address, error) {
	out, err := jobEscrow.abi.Unpack("payouts", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackReclaim is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x39458616.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function reclaim((bytes32,address,uint256) message, bytes signature) returns(uint256 amount)
func (jobEscrow *JobEscrow) PackReclaim(message IJobEscrowReclaim, signature []byte) []byte {
	enc, err := jobEscrow.abi.Pack("reclaim", message, signature)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackReclaim is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x39458616.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function reclaim((bytes32,address,uint256) message, bytes signature) returns(uint256 amount)
func (jobEscrow *JobEscrow) TryPackReclaim(message IJobEscrowReclaim, signature []byte) ([]byte, error) {
	return jobEscrow.abi.Pack("reclaim", message, signature)
}

// UnpackReclaim is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x39458616.
//
// Solidity: function reclaim((bytes32,address,uint256) message, bytes signature) returns(uint256 amount)
func (jobEscrow *JobEscrow) UnpackReclaim(data []byte) (*big.Int, error) {
	out, err := jobEscrow.abi.Unpack("reclaim", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackReclaimDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x13ae293a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function reclaimDelay() view returns(uint256)
func (jobEscrow *JobEscrow) PackReclaimDelay() []byte {
	enc, err := jobEscrow.abi.Pack("reclaimDelay")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackReclaimDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x13ae293a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function reclaimDelay() view returns(uint256)
func (jobEscrow *JobEscrow) TryPackReclaimDelay() ([]byte, error) {
	return jobEscrow.abi.Pack("reclaimDelay")
}

// UnpackReclaimDelay is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x13ae293a.
//
// Solidity: function reclaimDelay() view returns(uint256)
func (jobEscrow *JobEscrow) UnpackReclaimDelay(data []byte) (*big.Int, error) {
	out, err := jobEscrow.abi.Unpack("reclaimDelay", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackRefund is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7249fbb6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function refund(bytes32 jobId) returns(uint256 amount)
func (jobEscrow *JobEscrow) PackRefund(jobId [32]byte) []byte {
	enc, err := jobEscrow.abi.Pack("refund", jobId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRefund is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7249fbb6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function refund(bytes32 jobId) returns(uint256 amount)
func (jobEscrow *JobEscrow) TryPackRefund(jobId [32]byte) ([]byte, error) {
	return jobEscrow.abi.Pack("refund", jobId)
}

// UnpackRefund is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x7249fbb6.
//
// Solidity: function refund(bytes32 jobId) returns(uint256 amount)
func (jobEscrow *JobEscrow) UnpackRefund(data []byte) (*big.Int, error) {
	out, err := jobEscrow.abi.Unpack("refund", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function renounceRole(bytes32 role, address callerConfirmation) returns()
func (jobEscrow *JobEscrow) PackRenounceRole(role [32]byte, callerConfirmation common.Address) []byte {
	enc, err := jobEscrow.abi.Pack("renounceRole", role, callerConfirmation)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function renounceRole(bytes32 role, address callerConfirmation) returns()
func (jobEscrow *JobEscrow) TryPackRenounceRole(role [32]byte, callerConfirmation common.Address) ([]byte, error) {
	return jobEscrow.abi.Pack("renounceRole", role, callerConfirmation)
}

// PackResolve is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xedb70d9e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function resolve(bytes32 jobId, uint256 refunded) returns()
func (jobEscrow *JobEscrow) PackResolve(jobId [32]byte, refunded *big.Int) []byte {
	enc, err := jobEscrow.abi.Pack("resolve", jobId, refunded)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackResolve is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xedb70d9e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function resolve(bytes32 jobId, uint256 refunded) returns()
func (jobEscrow *JobEscrow) TryPackResolve(jobId [32]byte, refunded *big.Int) ([]byte, error) {
	return jobEscrow.abi.Pack("resolve", jobId, refunded)
}

// PackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (jobEscrow *JobEscrow) PackRevokeRole(role [32]byte, account common.Address) []byte {
	enc, err := jobEscrow.abi.Pack("revokeRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (jobEscrow *JobEscrow) TryPackRevokeRole(role [32]byte, account common.Address) ([]byte, error) {
	return jobEscrow.abi.Pack("revokeRole", role, account)
}

// PackSettle is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x93deddf2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function settle(bytes32 jobId, uint256 cumulative, bytes acceptance) returns()
func (jobEscrow *JobEscrow) PackSettle(jobId [32]byte, cumulative *big.Int, acceptance []byte) []byte {
	enc, err := jobEscrow.abi.Pack("settle", jobId, cumulative, acceptance)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSettle is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x93deddf2.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function settle(bytes32 jobId, uint256 cumulative, bytes acceptance) returns()
func (jobEscrow *JobEscrow) TryPackSettle(jobId [32]byte, cumulative *big.Int, acceptance []byte) ([]byte, error) {
	return jobEscrow.abi.Pack("settle", jobId, cumulative, acceptance)
}

// PackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (jobEscrow *JobEscrow) PackSupportsInterface(interfaceId [4]byte) []byte {
	enc, err := jobEscrow.abi.Pack("supportsInterface", interfaceId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (jobEscrow *JobEscrow) TryPackSupportsInterface(interfaceId [4]byte) ([]byte, error) {
	return jobEscrow.abi.Pack("supportsInterface", interfaceId)
}

// UnpackSupportsInterface is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x01ffc9a7.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (jobEscrow *JobEscrow) UnpackSupportsInterface(data []byte) (bool, error) {
	out, err := jobEscrow.abi.Unpack("supportsInterface", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackToken is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfc0c546a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function token() view returns(address)
func (jobEscrow *JobEscrow) PackToken() []byte {
	enc, err := jobEscrow.abi.Pack("token")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackToken is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfc0c546a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function token() view returns(address)
func (jobEscrow *JobEscrow) TryPackToken() ([]byte, error) {
	return jobEscrow.abi.Pack("token")
}

// UnpackToken is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xfc0c546a.
//
// Solidity: function token() view returns(address)
func (jobEscrow *JobEscrow) UnpackToken(data []byte) (common.Address, error) {
	out, err := jobEscrow.abi.Unpack("token", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackTopUp is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcda63026.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function topUp((bytes32,address,uint256,uint256,uint256) more, bytes signature, (uint256,uint256,uint8,bytes32,bytes32) permit) returns()
func (jobEscrow *JobEscrow) PackTopUp(more IJobEscrowTopUp, signature []byte, permit IPermitPermit) []byte {
	enc, err := jobEscrow.abi.Pack("topUp", more, signature, permit)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTopUp is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcda63026.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function topUp((bytes32,address,uint256,uint256,uint256) more, bytes signature, (uint256,uint256,uint8,bytes32,bytes32) permit) returns()
func (jobEscrow *JobEscrow) TryPackTopUp(more IJobEscrowTopUp, signature []byte, permit IPermitPermit) ([]byte, error) {
	return jobEscrow.abi.Pack("topUp", more, signature, permit)
}

// PackUnpause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3f4ba83a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function unpause() returns()
func (jobEscrow *JobEscrow) PackUnpause() []byte {
	enc, err := jobEscrow.abi.Pack("unpause")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackUnpause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3f4ba83a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function unpause() returns()
func (jobEscrow *JobEscrow) TryPackUnpause() ([]byte, error) {
	return jobEscrow.abi.Pack("unpause")
}

// JobEscrowAccepted represents a Accepted event raised by the JobEscrow contract.
type JobEscrowAccepted struct {
	JobId        [32]byte
	DeliveryRoot [32]byte
	Amount       *big.Int
	Raw          *types.Log // Blockchain specific contextual infos
}

const JobEscrowAcceptedEventName = "Accepted"

// ContractEventName returns the user-defined event name.
func (JobEscrowAccepted) ContractEventName() string {
	return JobEscrowAcceptedEventName
}

// UnpackAcceptedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Accepted(bytes32 indexed jobId, bytes32 deliveryRoot, uint256 amount)
func (jobEscrow *JobEscrow) UnpackAcceptedEvent(log *types.Log) (*JobEscrowAccepted, error) {
	event := "Accepted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowAccepted)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowDelivered represents a Delivered event raised by the JobEscrow contract.
type JobEscrowDelivered struct {
	JobId        [32]byte
	DeliveryRoot [32]byte
	Amount       *big.Int
	Raw          *types.Log // Blockchain specific contextual infos
}

const JobEscrowDeliveredEventName = "Delivered"

// ContractEventName returns the user-defined event name.
func (JobEscrowDelivered) ContractEventName() string {
	return JobEscrowDeliveredEventName
}

// UnpackDeliveredEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Delivered(bytes32 indexed jobId, bytes32 deliveryRoot, uint256 amount)
func (jobEscrow *JobEscrow) UnpackDeliveredEvent(log *types.Log) (*JobEscrowDelivered, error) {
	event := "Delivered"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowDelivered)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowDisputed represents a Disputed event raised by the JobEscrow contract.
type JobEscrowDisputed struct {
	JobId      [32]byte
	FramesHash [32]byte
	Amount     *big.Int
	Raw        *types.Log // Blockchain specific contextual infos
}

const JobEscrowDisputedEventName = "Disputed"

// ContractEventName returns the user-defined event name.
func (JobEscrowDisputed) ContractEventName() string {
	return JobEscrowDisputedEventName
}

// UnpackDisputedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Disputed(bytes32 indexed jobId, bytes32 framesHash, uint256 amount)
func (jobEscrow *JobEscrow) UnpackDisputedEvent(log *types.Log) (*JobEscrowDisputed, error) {
	event := "Disputed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowDisputed)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowEIP712DomainChanged represents a EIP712DomainChanged event raised by the JobEscrow contract.
type JobEscrowEIP712DomainChanged struct {
	Raw *types.Log // Blockchain specific contextual infos
}

const JobEscrowEIP712DomainChangedEventName = "EIP712DomainChanged"

// ContractEventName returns the user-defined event name.
func (JobEscrowEIP712DomainChanged) ContractEventName() string {
	return JobEscrowEIP712DomainChangedEventName
}

// UnpackEIP712DomainChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event EIP712DomainChanged()
func (jobEscrow *JobEscrow) UnpackEIP712DomainChangedEvent(log *types.Log) (*JobEscrowEIP712DomainChanged, error) {
	event := "EIP712DomainChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowEIP712DomainChanged)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowFunded represents a Funded event raised by the JobEscrow contract.
type JobEscrowFunded struct {
	JobId     [32]byte
	Artist    common.Address
	Amount    *big.Int
	QuoteHash [32]byte
	Raw       *types.Log // Blockchain specific contextual infos
}

const JobEscrowFundedEventName = "Funded"

// ContractEventName returns the user-defined event name.
func (JobEscrowFunded) ContractEventName() string {
	return JobEscrowFundedEventName
}

// UnpackFundedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Funded(bytes32 indexed jobId, address indexed artist, uint256 amount, bytes32 quoteHash)
func (jobEscrow *JobEscrow) UnpackFundedEvent(log *types.Log) (*JobEscrowFunded, error) {
	event := "Funded"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowFunded)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowPaused represents a Paused event raised by the JobEscrow contract.
type JobEscrowPaused struct {
	Account common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const JobEscrowPausedEventName = "Paused"

// ContractEventName returns the user-defined event name.
func (JobEscrowPaused) ContractEventName() string {
	return JobEscrowPausedEventName
}

// UnpackPausedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Paused(address account)
func (jobEscrow *JobEscrow) UnpackPausedEvent(log *types.Log) (*JobEscrowPaused, error) {
	event := "Paused"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowPaused)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowRefunded represents a Refunded event raised by the JobEscrow contract.
type JobEscrowRefunded struct {
	JobId  [32]byte
	To     common.Address
	Amount *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const JobEscrowRefundedEventName = "Refunded"

// ContractEventName returns the user-defined event name.
func (JobEscrowRefunded) ContractEventName() string {
	return JobEscrowRefundedEventName
}

// UnpackRefundedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Refunded(bytes32 indexed jobId, address indexed to, uint256 amount)
func (jobEscrow *JobEscrow) UnpackRefundedEvent(log *types.Log) (*JobEscrowRefunded, error) {
	event := "Refunded"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowRefunded)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowResolved represents a Resolved event raised by the JobEscrow contract.
type JobEscrowResolved struct {
	JobId      [32]byte
	Refunded   *big.Int
	PayableNow *big.Int
	Raw        *types.Log // Blockchain specific contextual infos
}

const JobEscrowResolvedEventName = "Resolved"

// ContractEventName returns the user-defined event name.
func (JobEscrowResolved) ContractEventName() string {
	return JobEscrowResolvedEventName
}

// UnpackResolvedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Resolved(bytes32 indexed jobId, uint256 refunded, uint256 payableNow)
func (jobEscrow *JobEscrow) UnpackResolvedEvent(log *types.Log) (*JobEscrowResolved, error) {
	event := "Resolved"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowResolved)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowRoleAdminChanged represents a RoleAdminChanged event raised by the JobEscrow contract.
type JobEscrowRoleAdminChanged struct {
	Role              [32]byte
	PreviousAdminRole [32]byte
	NewAdminRole      [32]byte
	Raw               *types.Log // Blockchain specific contextual infos
}

const JobEscrowRoleAdminChangedEventName = "RoleAdminChanged"

// ContractEventName returns the user-defined event name.
func (JobEscrowRoleAdminChanged) ContractEventName() string {
	return JobEscrowRoleAdminChangedEventName
}

// UnpackRoleAdminChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)
func (jobEscrow *JobEscrow) UnpackRoleAdminChangedEvent(log *types.Log) (*JobEscrowRoleAdminChanged, error) {
	event := "RoleAdminChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowRoleAdminChanged)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowRoleGranted represents a RoleGranted event raised by the JobEscrow contract.
type JobEscrowRoleGranted struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const JobEscrowRoleGrantedEventName = "RoleGranted"

// ContractEventName returns the user-defined event name.
func (JobEscrowRoleGranted) ContractEventName() string {
	return JobEscrowRoleGrantedEventName
}

// UnpackRoleGrantedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)
func (jobEscrow *JobEscrow) UnpackRoleGrantedEvent(log *types.Log) (*JobEscrowRoleGranted, error) {
	event := "RoleGranted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowRoleGranted)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowRoleRevoked represents a RoleRevoked event raised by the JobEscrow contract.
type JobEscrowRoleRevoked struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const JobEscrowRoleRevokedEventName = "RoleRevoked"

// ContractEventName returns the user-defined event name.
func (JobEscrowRoleRevoked) ContractEventName() string {
	return JobEscrowRoleRevokedEventName
}

// UnpackRoleRevokedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)
func (jobEscrow *JobEscrow) UnpackRoleRevokedEvent(log *types.Log) (*JobEscrowRoleRevoked, error) {
	event := "RoleRevoked"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowRoleRevoked)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowSettled represents a Settled event raised by the JobEscrow contract.
type JobEscrowSettled struct {
	JobId  [32]byte
	Amount *big.Int
	Spent  *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const JobEscrowSettledEventName = "Settled"

// ContractEventName returns the user-defined event name.
func (JobEscrowSettled) ContractEventName() string {
	return JobEscrowSettledEventName
}

// UnpackSettledEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Settled(bytes32 indexed jobId, uint256 amount, uint256 spent)
func (jobEscrow *JobEscrow) UnpackSettledEvent(log *types.Log) (*JobEscrowSettled, error) {
	event := "Settled"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowSettled)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowToppedUp represents a ToppedUp event raised by the JobEscrow contract.
type JobEscrowToppedUp struct {
	JobId  [32]byte
	Amount *big.Int
	Funded *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const JobEscrowToppedUpEventName = "ToppedUp"

// ContractEventName returns the user-defined event name.
func (JobEscrowToppedUp) ContractEventName() string {
	return JobEscrowToppedUpEventName
}

// UnpackToppedUpEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event ToppedUp(bytes32 indexed jobId, uint256 amount, uint256 funded)
func (jobEscrow *JobEscrow) UnpackToppedUpEvent(log *types.Log) (*JobEscrowToppedUp, error) {
	event := "ToppedUp"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowToppedUp)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// JobEscrowUnpaused represents a Unpaused event raised by the JobEscrow contract.
type JobEscrowUnpaused struct {
	Account common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const JobEscrowUnpausedEventName = "Unpaused"

// ContractEventName returns the user-defined event name.
func (JobEscrowUnpaused) ContractEventName() string {
	return JobEscrowUnpausedEventName
}

// UnpackUnpausedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Unpaused(address account)
func (jobEscrow *JobEscrow) UnpackUnpausedEvent(log *types.Log) (*JobEscrowUnpaused, error) {
	event := "Unpaused"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowUnpaused)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// UnpackError attempts to decode the provided error data using user-defined
// error definitions.
func (jobEscrow *JobEscrow) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["AccessControlBadConfirmation"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackAccessControlBadConfirmationError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["AccessControlUnauthorizedAccount"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackAccessControlUnauthorizedAccountError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["AlreadyFunded"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackAlreadyFundedError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["BelowSpent"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackBelowSpentError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["ClaimOpen"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackClaimOpenError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["EnforcedPause"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackEnforcedPauseError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["ExpectedPause"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackExpectedPauseError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["Expired"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackExpiredError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["InvalidShortString"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackInvalidShortStringError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["NoClaim"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackNoClaimError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["NotAllowed"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackNotAllowedError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["OverCeiling"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackOverCeilingError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["OverPayable"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackOverPayableError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["ReentrancyGuardReentrantCall"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackReentrancyGuardReentrantCallError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["Replayed"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackReplayedError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["SafeCastOverflowedUintDowncast"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackSafeCastOverflowedUintDowncastError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["SafeERC20FailedOperation"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackSafeERC20FailedOperationError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["StaleTopUp"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackStaleTopUpError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["StringTooLong"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackStringTooLongError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["TooEarly"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackTooEarlyError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["TooManyDeliveries"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackTooManyDeliveriesError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["WindowClosed"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackWindowClosedError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["WindowOpen"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackWindowOpenError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["WrongAmountReceived"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackWrongAmountReceivedError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["WrongDelivery"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackWrongDeliveryError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["WrongSigner"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackWrongSignerError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["WrongState"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackWrongStateError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["ZeroValue"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackZeroValueError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// JobEscrowAccessControlBadConfirmation represents a AccessControlBadConfirmation error raised by the JobEscrow contract.
type JobEscrowAccessControlBadConfirmation struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlBadConfirmation()
func JobEscrowAccessControlBadConfirmationErrorID() common.Hash {
	return common.HexToHash("0x6697b23232a647058342c0724fe7c415cab25915b54e5dbc03f233173d37b41c")
}

// UnpackAccessControlBadConfirmationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlBadConfirmation()
func (jobEscrow *JobEscrow) UnpackAccessControlBadConfirmationError(raw []byte) (*JobEscrowAccessControlBadConfirmation, error) {
	out := new(JobEscrowAccessControlBadConfirmation)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "AccessControlBadConfirmation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowAccessControlUnauthorizedAccount represents a AccessControlUnauthorizedAccount error raised by the JobEscrow contract.
type JobEscrowAccessControlUnauthorizedAccount struct {
	Account    common.Address
	NeededRole [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func JobEscrowAccessControlUnauthorizedAccountErrorID() common.Hash {
	return common.HexToHash("0xe2517d3fbfae6f8515ef5ff1ccedc3933ab0cbbda0b492c06eb54ad10ef03b3e")
}

// UnpackAccessControlUnauthorizedAccountError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func (jobEscrow *JobEscrow) UnpackAccessControlUnauthorizedAccountError(raw []byte) (*JobEscrowAccessControlUnauthorizedAccount, error) {
	out := new(JobEscrowAccessControlUnauthorizedAccount)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "AccessControlUnauthorizedAccount", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowAlreadyFunded represents a AlreadyFunded error raised by the JobEscrow contract.
type JobEscrowAlreadyFunded struct {
	JobId [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AlreadyFunded(bytes32 jobId)
func JobEscrowAlreadyFundedErrorID() common.Hash {
	return common.HexToHash("0x153e403d1a2aecc9373261b01edf8a82ac9386a5ba7a54ce03e18a06a8031ad2")
}

// UnpackAlreadyFundedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AlreadyFunded(bytes32 jobId)
func (jobEscrow *JobEscrow) UnpackAlreadyFundedError(raw []byte) (*JobEscrowAlreadyFunded, error) {
	out := new(JobEscrowAlreadyFunded)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "AlreadyFunded", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowBelowSpent represents a BelowSpent error raised by the JobEscrow contract.
type JobEscrowBelowSpent struct {
	Amount *big.Int
	Spent  *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BelowSpent(uint256 amount, uint256 spent)
func JobEscrowBelowSpentErrorID() common.Hash {
	return common.HexToHash("0x7dc8024fc36f983ee491222d21e8f9d79fa919498e8699a044b61b0c6583e954")
}

// UnpackBelowSpentError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BelowSpent(uint256 amount, uint256 spent)
func (jobEscrow *JobEscrow) UnpackBelowSpentError(raw []byte) (*JobEscrowBelowSpent, error) {
	out := new(JobEscrowBelowSpent)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "BelowSpent", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowClaimOpen represents a ClaimOpen error raised by the JobEscrow contract.
type JobEscrowClaimOpen struct {
	JobId [32]byte
	Held  *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ClaimOpen(bytes32 jobId, uint256 held)
func JobEscrowClaimOpenErrorID() common.Hash {
	return common.HexToHash("0xf0913c386525d4175c541b9bc711928a57c2a549dcc1720b72e585ff87366e24")
}

// UnpackClaimOpenError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ClaimOpen(bytes32 jobId, uint256 held)
func (jobEscrow *JobEscrow) UnpackClaimOpenError(raw []byte) (*JobEscrowClaimOpen, error) {
	out := new(JobEscrowClaimOpen)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "ClaimOpen", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowEnforcedPause represents a EnforcedPause error raised by the JobEscrow contract.
type JobEscrowEnforcedPause struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error EnforcedPause()
func JobEscrowEnforcedPauseErrorID() common.Hash {
	return common.HexToHash("0xd93c0665d6c96d04a8f174024fc4ddd66c250604aff22bbec808de86dd3637e3")
}

// UnpackEnforcedPauseError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error EnforcedPause()
func (jobEscrow *JobEscrow) UnpackEnforcedPauseError(raw []byte) (*JobEscrowEnforcedPause, error) {
	out := new(JobEscrowEnforcedPause)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "EnforcedPause", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowExpectedPause represents a ExpectedPause error raised by the JobEscrow contract.
type JobEscrowExpectedPause struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ExpectedPause()
func JobEscrowExpectedPauseErrorID() common.Hash {
	return common.HexToHash("0x8dfc202bcfe9a735b559bee70674422512bc5c30f687046ae8778315fb81da44")
}

// UnpackExpectedPauseError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ExpectedPause()
func (jobEscrow *JobEscrow) UnpackExpectedPauseError(raw []byte) (*JobEscrowExpectedPause, error) {
	out := new(JobEscrowExpectedPause)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "ExpectedPause", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowExpired represents a Expired error raised by the JobEscrow contract.
type JobEscrowExpired struct {
	Deadline *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Expired(uint256 deadline)
func JobEscrowExpiredErrorID() common.Hash {
	return common.HexToHash("0xf80dbaea4785589e52984ca36a31de106adc77759539a5c7d92883bf49692fe9")
}

// UnpackExpiredError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Expired(uint256 deadline)
func (jobEscrow *JobEscrow) UnpackExpiredError(raw []byte) (*JobEscrowExpired, error) {
	out := new(JobEscrowExpired)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "Expired", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowInvalidShortString represents a InvalidShortString error raised by the JobEscrow contract.
type JobEscrowInvalidShortString struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidShortString()
func JobEscrowInvalidShortStringErrorID() common.Hash {
	return common.HexToHash("0xb3512b0c6163e5f0bafab72bb631b9d58cd7a731b082f910338aa21c83d5c274")
}

// UnpackInvalidShortStringError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidShortString()
func (jobEscrow *JobEscrow) UnpackInvalidShortStringError(raw []byte) (*JobEscrowInvalidShortString, error) {
	out := new(JobEscrowInvalidShortString)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "InvalidShortString", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowNoClaim represents a NoClaim error raised by the JobEscrow contract.
type JobEscrowNoClaim struct {
	JobId [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoClaim(bytes32 jobId)
func JobEscrowNoClaimErrorID() common.Hash {
	return common.HexToHash("0xb29e8f6dc44591fec73a815e20013a3c08fbc2a306dd49eec5440e2cc265a206")
}

// UnpackNoClaimError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoClaim(bytes32 jobId)
func (jobEscrow *JobEscrow) UnpackNoClaimError(raw []byte) (*JobEscrowNoClaim, error) {
	out := new(JobEscrowNoClaim)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "NoClaim", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowNotAllowed represents a NotAllowed error raised by the JobEscrow contract.
type JobEscrowNotAllowed struct {
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotAllowed(address caller)
func JobEscrowNotAllowedErrorID() common.Hash {
	return common.HexToHash("0xfa5cd00ff5c4577b9857716999b0b260131d9f5bcbb69f0fa80d6ba972753c88")
}

// UnpackNotAllowedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotAllowed(address caller)
func (jobEscrow *JobEscrow) UnpackNotAllowedError(raw []byte) (*JobEscrowNotAllowed, error) {
	out := new(JobEscrowNotAllowed)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "NotAllowed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowOverCeiling represents a OverCeiling error raised by the JobEscrow contract.
type JobEscrowOverCeiling struct {
	Amount *big.Int
	Funded *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error OverCeiling(uint256 amount, uint256 funded)
func JobEscrowOverCeilingErrorID() common.Hash {
	return common.HexToHash("0x583b9728261535bc31634b8e410642bdc13fa7b6ffef84fdd2835ef20fd5bb9c")
}

// UnpackOverCeilingError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error OverCeiling(uint256 amount, uint256 funded)
func (jobEscrow *JobEscrow) UnpackOverCeilingError(raw []byte) (*JobEscrowOverCeiling, error) {
	out := new(JobEscrowOverCeiling)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "OverCeiling", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowOverPayable represents a OverPayable error raised by the JobEscrow contract.
type JobEscrowOverPayable struct {
	Amount     *big.Int
	PayableNow *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error OverPayable(uint256 amount, uint256 payableNow)
func JobEscrowOverPayableErrorID() common.Hash {
	return common.HexToHash("0x8bff3a65dc8cead0a85a01349c1f65670ecb5f45cb4c597575cccf09a4a12eba")
}

// UnpackOverPayableError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error OverPayable(uint256 amount, uint256 payableNow)
func (jobEscrow *JobEscrow) UnpackOverPayableError(raw []byte) (*JobEscrowOverPayable, error) {
	out := new(JobEscrowOverPayable)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "OverPayable", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowReentrancyGuardReentrantCall represents a ReentrancyGuardReentrantCall error raised by the JobEscrow contract.
type JobEscrowReentrancyGuardReentrantCall struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ReentrancyGuardReentrantCall()
func JobEscrowReentrancyGuardReentrantCallErrorID() common.Hash {
	return common.HexToHash("0x3ee5aeb571de7fc460830b4d0017439a1ca56fb0bc39062227ade4fe4a24c1ca")
}

// UnpackReentrancyGuardReentrantCallError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ReentrancyGuardReentrantCall()
func (jobEscrow *JobEscrow) UnpackReentrancyGuardReentrantCallError(raw []byte) (*JobEscrowReentrancyGuardReentrantCall, error) {
	out := new(JobEscrowReentrancyGuardReentrantCall)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "ReentrancyGuardReentrantCall", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowReplayed represents a Replayed error raised by the JobEscrow contract.
type JobEscrowReplayed struct {
	Digest [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Replayed(bytes32 digest)
func JobEscrowReplayedErrorID() common.Hash {
	return common.HexToHash("0x2a113fdf3781532c874662cd894b351cdad2f6050614693428a324c352e5e20a")
}

// UnpackReplayedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Replayed(bytes32 digest)
func (jobEscrow *JobEscrow) UnpackReplayedError(raw []byte) (*JobEscrowReplayed, error) {
	out := new(JobEscrowReplayed)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "Replayed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowSafeCastOverflowedUintDowncast represents a SafeCastOverflowedUintDowncast error raised by the JobEscrow contract.
type JobEscrowSafeCastOverflowedUintDowncast struct {
	Bits  uint8
	Value *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func JobEscrowSafeCastOverflowedUintDowncastErrorID() common.Hash {
	return common.HexToHash("0x6dfcc6503a32754ce7a89698e18201fc5294fd4aad43edefee786f88423b1a12")
}

// UnpackSafeCastOverflowedUintDowncastError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func (jobEscrow *JobEscrow) UnpackSafeCastOverflowedUintDowncastError(raw []byte) (*JobEscrowSafeCastOverflowedUintDowncast, error) {
	out := new(JobEscrowSafeCastOverflowedUintDowncast)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "SafeCastOverflowedUintDowncast", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowSafeERC20FailedOperation represents a SafeERC20FailedOperation error raised by the JobEscrow contract.
type JobEscrowSafeERC20FailedOperation struct {
	Token common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeERC20FailedOperation(address token)
func JobEscrowSafeERC20FailedOperationErrorID() common.Hash {
	return common.HexToHash("0x5274afe73c98b4749fc91ffae6b7b574e7842cb2144a159e9377a5f20b32edf9")
}

// UnpackSafeERC20FailedOperationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeERC20FailedOperation(address token)
func (jobEscrow *JobEscrow) UnpackSafeERC20FailedOperationError(raw []byte) (*JobEscrowSafeERC20FailedOperation, error) {
	out := new(JobEscrowSafeERC20FailedOperation)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "SafeERC20FailedOperation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowStaleTopUp represents a StaleTopUp error raised by the JobEscrow contract.
type JobEscrowStaleTopUp struct {
	FundedBefore *big.Int
	Funded       *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StaleTopUp(uint256 fundedBefore, uint256 funded)
func JobEscrowStaleTopUpErrorID() common.Hash {
	return common.HexToHash("0x60b538b463305fc41e86f1e2c39da65dd1e6c2432d4f15d81842287bdd0a5770")
}

// UnpackStaleTopUpError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StaleTopUp(uint256 fundedBefore, uint256 funded)
func (jobEscrow *JobEscrow) UnpackStaleTopUpError(raw []byte) (*JobEscrowStaleTopUp, error) {
	out := new(JobEscrowStaleTopUp)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "StaleTopUp", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowStringTooLong represents a StringTooLong error raised by the JobEscrow contract.
type JobEscrowStringTooLong struct {
	Str string
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StringTooLong(string str)
func JobEscrowStringTooLongErrorID() common.Hash {
	return common.HexToHash("0x305a27a93f8e33b7392df0a0f91d6fc63847395853c45991eec52dbf24d72381")
}

// UnpackStringTooLongError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StringTooLong(string str)
func (jobEscrow *JobEscrow) UnpackStringTooLongError(raw []byte) (*JobEscrowStringTooLong, error) {
	out := new(JobEscrowStringTooLong)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "StringTooLong", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowTooEarly represents a TooEarly error raised by the JobEscrow contract.
type JobEscrowTooEarly struct {
	Until *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TooEarly(uint256 until)
func JobEscrowTooEarlyErrorID() common.Hash {
	return common.HexToHash("0x2a35a3246d5070e2b118858c24c2c4d23eaebe645b92ab746b92dd600c35a9d7")
}

// UnpackTooEarlyError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TooEarly(uint256 until)
func (jobEscrow *JobEscrow) UnpackTooEarlyError(raw []byte) (*JobEscrowTooEarly, error) {
	out := new(JobEscrowTooEarly)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "TooEarly", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowTooManyDeliveries represents a TooManyDeliveries error raised by the JobEscrow contract.
type JobEscrowTooManyDeliveries struct {
	JobId [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TooManyDeliveries(bytes32 jobId)
func JobEscrowTooManyDeliveriesErrorID() common.Hash {
	return common.HexToHash("0x51dc733308ad9063ce453ca8f28286cb8a52e616660e2276b27f241f43f48226")
}

// UnpackTooManyDeliveriesError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TooManyDeliveries(bytes32 jobId)
func (jobEscrow *JobEscrow) UnpackTooManyDeliveriesError(raw []byte) (*JobEscrowTooManyDeliveries, error) {
	out := new(JobEscrowTooManyDeliveries)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "TooManyDeliveries", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowWindowClosed represents a WindowClosed error raised by the JobEscrow contract.
type JobEscrowWindowClosed struct {
	Ended *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WindowClosed(uint256 ended)
func JobEscrowWindowClosedErrorID() common.Hash {
	return common.HexToHash("0xdb57bfb806503bdc5f96f060a25aead2076b299c2f2f3d4e36eab8e8336149e8")
}

// UnpackWindowClosedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WindowClosed(uint256 ended)
func (jobEscrow *JobEscrow) UnpackWindowClosedError(raw []byte) (*JobEscrowWindowClosed, error) {
	out := new(JobEscrowWindowClosed)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "WindowClosed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowWindowOpen represents a WindowOpen error raised by the JobEscrow contract.
type JobEscrowWindowOpen struct {
	Until *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WindowOpen(uint256 until)
func JobEscrowWindowOpenErrorID() common.Hash {
	return common.HexToHash("0xb317256bb83d3a0e7c565067a7c67553969518b9977a3d2d318c3e3fb33ef1e2")
}

// UnpackWindowOpenError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WindowOpen(uint256 until)
func (jobEscrow *JobEscrow) UnpackWindowOpenError(raw []byte) (*JobEscrowWindowOpen, error) {
	out := new(JobEscrowWindowOpen)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "WindowOpen", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowWrongAmountReceived represents a WrongAmountReceived error raised by the JobEscrow contract.
type JobEscrowWrongAmountReceived struct {
	Expected *big.Int
	Received *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongAmountReceived(uint256 expected, uint256 received)
func JobEscrowWrongAmountReceivedErrorID() common.Hash {
	return common.HexToHash("0x1ff641ae1e10906ee8d94b5401e1d335c0cd001d74f6a2f60dad0c489583b2b2")
}

// UnpackWrongAmountReceivedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongAmountReceived(uint256 expected, uint256 received)
func (jobEscrow *JobEscrow) UnpackWrongAmountReceivedError(raw []byte) (*JobEscrowWrongAmountReceived, error) {
	out := new(JobEscrowWrongAmountReceived)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "WrongAmountReceived", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowWrongDelivery represents a WrongDelivery error raised by the JobEscrow contract.
type JobEscrowWrongDelivery struct {
	DeliveryRoot [32]byte
	Recorded     [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongDelivery(bytes32 deliveryRoot, bytes32 recorded)
func JobEscrowWrongDeliveryErrorID() common.Hash {
	return common.HexToHash("0xe58b5b9424e246fd5d7d85c17ad6544d887bcb15061c93cf80db259a1c8cb73a")
}

// UnpackWrongDeliveryError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongDelivery(bytes32 deliveryRoot, bytes32 recorded)
func (jobEscrow *JobEscrow) UnpackWrongDeliveryError(raw []byte) (*JobEscrowWrongDelivery, error) {
	out := new(JobEscrowWrongDelivery)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "WrongDelivery", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowWrongSigner represents a WrongSigner error raised by the JobEscrow contract.
type JobEscrowWrongSigner struct {
	JobId    [32]byte
	Expected common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongSigner(bytes32 jobId, address expected)
func JobEscrowWrongSignerErrorID() common.Hash {
	return common.HexToHash("0x0fa3cb9d0fbc04567e956327428591d9a5b66a629eec9b88a4bd9dbd89ad3e94")
}

// UnpackWrongSignerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongSigner(bytes32 jobId, address expected)
func (jobEscrow *JobEscrow) UnpackWrongSignerError(raw []byte) (*JobEscrowWrongSigner, error) {
	out := new(JobEscrowWrongSigner)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "WrongSigner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowWrongState represents a WrongState error raised by the JobEscrow contract.
type JobEscrowWrongState struct {
	JobId [32]byte
	State uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongState(bytes32 jobId, uint8 state)
func JobEscrowWrongStateErrorID() common.Hash {
	return common.HexToHash("0x2b3263b3bc5546a88f5c442a231d009ce5a89c34654ca9a7911b5bb3939a1f60")
}

// UnpackWrongStateError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongState(bytes32 jobId, uint8 state)
func (jobEscrow *JobEscrow) UnpackWrongStateError(raw []byte) (*JobEscrowWrongState, error) {
	out := new(JobEscrowWrongState)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "WrongState", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowZeroValue represents a ZeroValue error raised by the JobEscrow contract.
type JobEscrowZeroValue struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ZeroValue()
func JobEscrowZeroValueErrorID() common.Hash {
	return common.HexToHash("0x7c946ed78134c23eac50c0c02964d68f22dd28448c070d39c9f8e8389b217469")
}

// UnpackZeroValueError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ZeroValue()
func (jobEscrow *JobEscrow) UnpackZeroValueError(raw []byte) (*JobEscrowZeroValue, error) {
	out := new(JobEscrowZeroValue)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "ZeroValue", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryMetaData contains all meta data concerning the NodeRegistry contract.
var NodeRegistryMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"token_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"admin\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"unbondDelay_\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[],\"name\":\"AccessControlBadConfirmation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"neededRole\",\"type\":\"bytes32\"}],\"name\":\"AccessControlUnauthorizedAccount\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"}],\"name\":\"AlreadyDone\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"roles\",\"type\":\"uint8\"}],\"name\":\"BadRoles\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"EnforcedPause\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ExpectedPause\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"name\":\"Expired\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"InvalidShortString\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"available\",\"type\":\"uint256\"}],\"name\":\"NotEnough\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ReentrancyGuardReentrantCall\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"bits\",\"type\":\"uint8\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"SafeCastOverflowedUintDowncast\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"token\",\"type\":\"address\"}],\"name\":\"SafeERC20FailedOperation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"until\",\"type\":\"uint256\"}],\"name\":\"StillBonded\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"string\",\"name\":\"str\",\"type\":\"string\"}],\"name\":\"StringTooLong\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"}],\"name\":\"UnknownNode\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"expected\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"received\",\"type\":\"uint256\"}],\"name\":\"WrongAmountReceived\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"nonce\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"expected\",\"type\":\"uint256\"}],\"name\":\"WrongNonce\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"WrongOwner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"expected\",\"type\":\"address\"}],\"name\":\"WrongSigner\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroValue\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"EIP712DomainChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"Paused\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint8\",\"name\":\"roles\",\"type\":\"uint8\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"encryptionKeyHash\",\"type\":\"bytes32\"}],\"name\":\"Registered\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"verifier\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"reason\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"pool\",\"type\":\"uint256\"}],\"name\":\"Rewarded\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"previousAdminRole\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"newAdminRole\",\"type\":\"bytes32\"}],\"name\":\"RoleAdminChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleGranted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleRevoked\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"offence\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"pool\",\"type\":\"uint256\"}],\"name\":\"Slashed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"from\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"stake\",\"type\":\"uint256\"}],\"name\":\"Staked\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"unbondAt\",\"type\":\"uint256\"}],\"name\":\"Unbonded\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"Unpaused\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"Withdrawn\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"DEFAULT_ADMIN_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"GUARDIAN_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"SLASHER_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"VERIFIER\",\"outputs\":[{\"internalType\":\"uint8\",\"name\":\"\",\"type\":\"uint8\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"WORKER\",\"outputs\":[{\"internalType\":\"uint8\",\"name\":\"\",\"type\":\"uint8\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"}],\"name\":\"doneAt\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"}],\"name\":\"getRoleAdmin\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"grantRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"hasRole\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node_\",\"type\":\"address\"}],\"name\":\"node\",\"outputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"internalType\":\"uint8\",\"name\":\"roles\",\"type\":\"uint8\"},{\"internalType\":\"uint64\",\"name\":\"unbondAt\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"encryptionKeyHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint128\",\"name\":\"stake\",\"type\":\"uint128\"},{\"internalType\":\"uint128\",\"name\":\"unbonding\",\"type\":\"uint128\"}],\"internalType\":\"structINodeRegistry.Node\",\"name\":\"\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"signer\",\"type\":\"address\"}],\"name\":\"nonces\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pause\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"paused\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"penaltyPool\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"internalType\":\"uint8\",\"name\":\"roles\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"encryptionKeyHash\",\"type\":\"bytes32\"}],\"name\":\"register\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"internalType\":\"uint8\",\"name\":\"roles\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"encryptionKeyHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"nonce\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"internalType\":\"structINodeRegistry.Registration\",\"name\":\"r\",\"type\":\"tuple\"},{\"internalType\":\"bytes\",\"name\":\"signature\",\"type\":\"bytes\"}],\"name\":\"registerFor\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"callerConfirmation\",\"type\":\"address\"}],\"name\":\"renounceRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"revokeRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"verifier\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"bytes32\",\"name\":\"reason\",\"type\":\"bytes32\"}],\"name\":\"reward\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node_\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"bytes32\",\"name\":\"offence\",\"type\":\"bytes32\"}],\"name\":\"slash\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"taken\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node_\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"stake\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"from\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"nonce\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"internalType\":\"structINodeRegistry.Staking\",\"name\":\"s\",\"type\":\"tuple\"},{\"internalType\":\"bytes\",\"name\":\"signature\",\"type\":\"bytes\"},{\"components\":[{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"},{\"internalType\":\"uint8\",\"name\":\"v\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"r\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"internalType\":\"structIPermit.Permit\",\"name\":\"permit\",\"type\":\"tuple\"}],\"name\":\"stakeFor\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes4\",\"name\":\"interfaceId\",\"type\":\"bytes4\"}],\"name\":\"supportsInterface\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"token\",\"outputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node_\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"unbond\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"unbondDelay\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"nonce\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"internalType\":\"structINodeRegistry.Unbonding\",\"name\":\"u\",\"type\":\"tuple\"},{\"internalType\":\"bytes\",\"name\":\"signature\",\"type\":\"bytes\"}],\"name\":\"unbondFor\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"unpause\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node_\",\"type\":\"address\"}],\"name\":\"withdraw\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"}]",
	ID:  "7bd3d81a90c562d62f712a827a90447b2f",
	Bin: "0x6101a0604052348015610010575f5ffd5b50604051612b1d380380612b1d83398101604081905261002f9161031f565b6040518060400160405280601681526020017f48656c696f73746174204e6f6465526567697374727900000000000000000000815250604051806040016040528060018152602001603160f81b81525061008e8261021560201b60201c565b6101205261009b81610215565b61014052815160208084019190912060e052815190820120610100524660a05261012760e05161010051604080517f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f60208201529081019290925260608201524660808201523060a08201525f9060c00160405160208183030381529060405280519060200120905090565b60805250503060c05260017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f00556001600160a01b038316158061017157506001600160a01b038216155b8061017a575080155b1561019857604051637c946ed760e01b815260040160405180910390fd5b6001600160a01b038316610160526101808190526101b65f8361025b565b506101e17f12b42e8a160f6064dc959c6f251e3af0750ad213dbecf573b4710d67d6c28e398361025b565b5061020c7f55435dd261a4b9b3364963f7738a7a662ad9c84396d64be3365284bb7f0a50418361025b565b505050506103ba565b5f5f829050601f81511115610248578260405163305a27a960e01b815260040161023f919061035f565b60405180910390fd5b805161025382610394565b179392505050565b5f8281526002602090815260408083206001600160a01b038516845290915281205460ff166102ff575f8381526002602090815260408083206001600160a01b03861684529091529020805460ff191660011790556102b73390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a4506001610302565b505f5b92915050565b6001600160a01b038116811461031c575f5ffd5b50565b5f5f5f60608486031215610331575f5ffd5b835161033c81610308565b602085015190935061034d81610308565b80925050604084015190509250925092565b602081525f82518060208401528060208501604085015e5f604082850101526040601f19601f83011684010191505092915050565b805160208083015191908110156103b4575f198160200360031b1b821691505b50919050565b60805160a05160c05160e05161010051610120516101405161016051610180516126cd6104505f395f81816102ee015261142401525f81816105a40152818161091901528181610ad101528181610c9f01528181611a9601528181611b160152611b5f01525f6117b501525f61178501525f611ff701525f611fcf01525f611f2a01525f611f5401525f611f7e01526126cd5ff3fe608060405234801561000f575f5ffd5b50600436106101d1575f3560e01c80637ecebe00116100fe578063a5d059ca1161009e578063d9278e9d1161006e578063d9278e9d1461055a578063e81838471461056d578063fba2c05a1461058c578063fc0c546a1461059f575f5ffd5b8063a5d059ca146103e8578063adc9772e146103fb578063bffbe61c1461040e578063d547741f14610547575f5ffd5b806391d14854116100d957806391d148541461038357806392e776e5146103bb57806394332a16146103ce578063a217fddf146103e1575f5ffd5b80637ecebe00146103415780638456cb591461036057806384b0196e14610368575f5ffd5b806336568abe1161017457806351127fca1161014457806351127fca146102e957806351cff8d9146103105780635c975abb146103235780637dad66f71461032e575f5ffd5b806336568abe1461029f57806339a6de21146102b25780633f4ba83a146102ba5780635095af64146102c2575f5ffd5b8063248a9ca3116101af578063248a9ca31461022e57806324ea54f41461025057806328a0efc9146102775780632f2ff15d1461028c575f5ffd5b806301ffc9a7146101d557806308c84e70146101fd5780630a36614f14610217575b5f5ffd5b6101e86101e336600461229f565b6105de565b60405190151581526020015b60405180910390f35b610205600281565b60405160ff90911681526020016101f4565b61022060075481565b6040519081526020016101f4565b61022061023c3660046122cd565b5f9081526002602052604090206001015490565b6102207f55435dd261a4b9b3364963f7738a7a662ad9c84396d64be3365284bb7f0a504181565b61028a610285366004612329565b610646565b005b61028a61029a366004612395565b610769565b61028a6102ad366004612395565b61078d565b610205600181565b61028a6107de565b6102207f12b42e8a160f6064dc959c6f251e3af0750ad213dbecf573b4710d67d6c28e3981565b6102207f000000000000000000000000000000000000000000000000000000000000000081565b61022061031e3660046123bf565b6107f3565b60035460ff166101e8565b61028a61033c3660046123d8565b610971565b61022061034f3660046123bf565b60066020525f908152604090205481565b61028a610b22565b610370610b54565b6040516101f49796959493929190612436565b6101e8610391366004612395565b5f9182526002602090815260408084206001600160a01b0393909316845291905290205460ff1690565b61028a6103c93660046124f8565b610bb2565b61028a6103dc366004612548565b610bc6565b6102205f81565b61028a6103f63660046125ac565b610dc2565b61028a6104093660046125ac565b610e30565b6104d461041c3660046123bf565b6040805160c0810182525f80825260208201819052918101829052606081018290526080810182905260a0810191909152506001600160a01b039081165f90815260046020908152604091829020825160c08101845281549485168152600160a01b850460ff1692810192909252600160a81b90930467ffffffffffffffff1691810191909152600182015460608201526002909101546001600160801b038082166080840152600160801b9091041660a082015290565b6040516101f491905f60c0820190506001600160a01b03835116825260ff602084015116602083015267ffffffffffffffff6040840151166040830152606083015160608301526001600160801b0360808401511660808301526001600160801b0360a08401511660a083015292915050565b61028a610555366004612395565b610e74565b61028a6105683660046125d4565b610e98565b61022061057b3660046122cd565b5f9081526005602052604090205490565b61022061059a3660046123d8565b610fb5565b6105c67f000000000000000000000000000000000000000000000000000000000000000081565b6040516001600160a01b0390911681526020016101f4565b5f6001600160e01b031982167f7965db0b00000000000000000000000000000000000000000000000000000000148061064057507f01ffc9a7000000000000000000000000000000000000000000000000000000006001600160e01b03198316145b92915050565b5f60048161065760208701876123bf565b6001600160a01b03908116825260208201929092526040015f2054169050806106b15761068760208501856123bf565b60405163f517438960e01b81526001600160a01b0390911660048201526024015b60405180910390fd5b61074981604086013560608701357fc835c45a8d402c96cc528a66b0bfb074f0fd7019a1eb03030d94e9ea67ce94316106ed60208a018a6123bf565b604080516020818101949094526001600160a01b0390921682820152918a0135606082810191909152918a013560808201529089013560a082015260c0015b6040516020818303038152906040528051906020012087876111d6565b61076361075960208601866123bf565b856020013561130a565b50505050565b5f82815260026020526040902060010154610783816114da565b61076383836114e4565b6001600160a01b03811633146107cf576040517f6697b23200000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b6107d9828261158f565b505050565b5f6107e8816114da565b6107f0611614565b50565b5f6107fc611666565b506001600160a01b0381165f9081526004602052604081206002810154600160801b90046001600160801b03169182900361085357604051638b29af5960e01b8152600160048201525f60248201526044016106a8565b8054600160a81b900467ffffffffffffffff164210156108b45780546040517f73e00be8000000000000000000000000000000000000000000000000000000008152600160a81b90910467ffffffffffffffff1660048201526024016106a8565b6002810180546001600160801b0316905580546040518381526001600160a01b03918216918516907fd1c19fbcd4551a5edfb66d43d2e337c04837afda3482b42bdf569a8fccdae5fb9060200160405180910390a38054610942906001600160a01b037f00000000000000000000000000000000000000000000000000000000000000008116911684611694565b5061096c60017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b919050565b610979611666565b7f12b42e8a160f6064dc959c6f251e3af0750ad213dbecf573b4710d67d6c28e396109a3816114da565b6001600160a01b0384165f90815260046020526040812054600160a01b90046002169003610a0a576001600160a01b0384165f908152600460208190526040918290205491516381f6129560e01b8152600160a01b90920460ff16908201526024016106a8565b825f03610a2a57604051637c946ed760e01b815260040160405180910390fd5b600754831115610a5b57600754604051638b29af5960e01b81526106a8918591600401918252602082015260400190565b610a64826116c9565b8260075f828254610a759190612625565b909155505060075460408051858152602081019290925283916001600160a01b038716917f4f5557feb8ef4462c2c1f32ec278508d42ceeef1adf268a2f4b2ea714df8c27e910160405180910390a3610af86001600160a01b037f0000000000000000000000000000000000000000000000000000000000000000168585611694565b506107d960017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b7f55435dd261a4b9b3364963f7738a7a662ad9c84396d64be3365284bb7f0a5041610b4c816114da565b6107f0611741565b5f6060805f5f5f6060610b6561177e565b610b6d6117ae565b604080515f808252602082019092527f0f000000000000000000000000000000000000000000000000000000000000009b939a50919850469750309650945092509050565b610bba6117d9565b6107d933848484611818565b610bce611666565b610bd66117d9565b610c7d610be960408601602087016123bf565b606086013560808701357fa28afe5ab89f79212343a90fe46cbea3fe040dee8037cb924b9413e1fe8fd829610c2160208a018a6123bf565b610c3160408b0160208c016123bf565b6040805160208101949094526001600160a01b03928316848201529116606083810191909152908a0135608083810191909152908a013560a083015289013560c082015260e00161072c565b610c8d6060820160408301612638565b60ff1615610d6f576001600160a01b037f00000000000000000000000000000000000000000000000000000000000000001663d505accf610cd460408701602088016123bf565b3084356020860135610cec6060880160408901612638565b6040516001600160e01b031960e088901b1681526001600160a01b0395861660048201529490931660248501526044840191909152606483015260ff166084820152606084013560a4820152608084013560c482015260e4015f604051808303815f87803b158015610d5c575f5ffd5b505af1925050508015610d6d575060015b505b610d99610d7f60208601866123bf565b610d8f60408701602088016123bf565b8660400135611985565b61076360017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b6001600160a01b038281165f90815260046020526040902054163314610e22576001600160a01b038281165f818152600460208190526040918290205491516309789d2b60e31b81529081019290925290911660248201526044016106a8565b610e2c828261130a565b5050565b610e38611666565b610e406117d9565b610e4b823383611985565b610e2c60017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b5f82815260026020526040902060010154610e8e816114da565b610763838361158f565b610ea06117d9565b610f7b610eb060208501856123bf565b608085013560a08601357fc7718e1b3ec20b1f2a477d4beeae27f8c965c6ef9fd9817c3e0cb829388ab30b610ee860208901896123bf565b610ef860408a0160208b016123bf565b610f0860608b0160408c01612638565b6040805160208101959095526001600160a01b0393841690850152911660608381019190915260ff9091166080838101919091529089013560a0838101919091529089013560c083015288013560e0820152610100016040516020818303038152906040528051906020012086866111d6565b6107d9610f8b60208501856123bf565b610f9b60408601602087016123bf565b610fab6060870160408801612638565b8660600135611818565b5f7f12b42e8a160f6064dc959c6f251e3af0750ad213dbecf573b4710d67d6c28e39610fe0816114da565b6001600160a01b038086165f90815260046020526040902080549091166110255760405163f517438960e01b81526001600160a01b03871660048201526024016106a8565b845f0361104557604051637c946ed760e01b815260040160405180910390fd5b61104e846116c9565b60028101545f906001600160801b031686106110775760028201546001600160801b0316611079565b855b90505f6110868288612625565b60028401549091505f90600160801b90046001600160801b031682106110c0576002840154600160801b90046001600160801b03166110c2565b815b90506110ce8184612651565b95506110d983611c1f565b6002850180545f906110f59084906001600160801b0316612664565b92506101000a8154816001600160801b0302191690836001600160801b0316021790555061112281611c1f565b600285018054601090611146908490600160801b90046001600160801b0316612664565b92506101000a8154816001600160801b0302191690836001600160801b031602179055508560075f82825461117b9190612651565b909155505060075460408051888152602081019290925288916001600160a01b038c16917f686e4f97c0aca6c6719647401ac7f5e2ed3a928d46be84237c5a0258baa6ce03910160405180910390a350505050509392505050565b83421115611213576040517ff80dbaea000000000000000000000000000000000000000000000000000000008152600481018590526024016106a8565b6001600160a01b0386165f908152600660205260409020548514611287576001600160a01b0386165f90815260066020526040908190205490517fa3c996d30000000000000000000000000000000000000000000000000000000081526106a8918791600401918252602082015260400190565b61129b8661129485611c6f565b8484611cb6565b6112dc576040517f32c15fc20000000000000000000000000000000000000000000000000000000081526001600160a01b03871660048201526024016106a8565b6112e7856001612651565b6001600160a01b039096165f908152600660205260409020959095555050505050565b6001600160a01b0382165f9081526004602052604081209082900361134257604051637c946ed760e01b815260040160405180910390fd5b60028101546001600160801b0316821115611388576002810154604051638b29af5960e01b8152600481018490526001600160801b0390911660248201526044016106a8565b61139182611c1f565b6002820180545f906113ad9084906001600160801b0316612664565b92506101000a8154816001600160801b0302191690836001600160801b031602179055506113da82611c1f565b6002820180546010906113fe908490600160801b90046001600160801b0316612683565b92506101000a8154816001600160801b0302191690836001600160801b031602179055507f00000000000000000000000000000000000000000000000000000000000000004261144e9190612651565b81547fffffff0000000000000000ffffffffffffffffffffffffffffffffffffffffff16600160a81b67ffffffffffffffff928316810291909117808455604080518681529290910490921660208201526001600160a01b038516917f6377e6852c3c3eb914806be9085171e0f4e00da79573f3f740695326ba92a612910160405180910390a2505050565b6107f08133611d2c565b5f8281526002602090815260408083206001600160a01b038516845290915281205460ff16611588575f8381526002602090815260408083206001600160a01b03861684529091529020805460ff191660011790556115403390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a4506001610640565b505f610640565b5f8281526002602090815260408083206001600160a01b038516845290915281205460ff1615611588575f8381526002602090815260408083206001600160a01b0386168085529252808320805460ff1916905551339286917ff6391f5c32d9c69d2a47ea670b442974b53935d1edc7fd64eb21e047a839171b9190a4506001610640565b61161c611d99565b6003805460ff191690557f5db9ee0a495bf2e6ff9c91a7834c1ba4fdd244a5e8aa4e537bd38aeae4b073aa335b6040516001600160a01b03909116815260200160405180910390a1565b61166e611dd5565b60027f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b6116a18383836001611e30565b6107d957604051635274afe760e01b81526001600160a01b03841660048201526024016106a8565b806116e757604051637c946ed760e01b815260040160405180910390fd5b5f818152600560205260409020541561172f576040517f792f660f000000000000000000000000000000000000000000000000000000008152600481018290526024016106a8565b5f908152600560205260409020439055565b6117496117d9565b6003805460ff191660011790557f62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a2586116493390565b60606117a97f0000000000000000000000000000000000000000000000000000000000000000611eab565b905090565b60606117a97f0000000000000000000000000000000000000000000000000000000000000000611eab565b60035460ff1615611816576040517fd93c066500000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b565b6001600160a01b038416158061183557506001600160a01b038316155b1561185357604051637c946ed760e01b815260040160405180910390fd5b60ff821615806118665750600360ff8316115b15611889576040516381f6129560e01b815260ff831660048201526024016106a8565b6001600160a01b038085165f9081526004602052604090208054909116158015906118c1575080546001600160a01b03858116911614155b156118f55780546040516309789d2b60e31b81526001600160a01b03808816600483015290911660248201526044016106a8565b80546001600160a01b038581167fffffffffffffffffffffff0000000000000000000000000000000000000000009092168217600160a01b60ff8716908102919091178455600184018590556040805191825260208201869052918816917f6b7dfafac5cd9bfba373d957236cfde50952fa7f2f358dd17a88cd772f03788d910160405180910390a35050505050565b6001600160a01b038084165f90815260046020526040902080549091166119ca5760405163f517438960e01b81526001600160a01b03851660048201526024016106a8565b815f036119ea57604051637c946ed760e01b815260040160405180910390fd5b6119f382611c1f565b6002820180545f90611a0f9084906001600160801b0316612683565b82546101009290920a6001600160801b038181021990931691831602179091556002830154604080518681529190921660208201526001600160a01b0386811693508716917f6c86f3fd5118b3aa8bb4f389a617046de0a3d3d477de1a1673d227f802f616dc910160405180910390a36040516370a0823160e01b81523060048201525f907f00000000000000000000000000000000000000000000000000000000000000006001600160a01b0316906370a0823190602401602060405180830381865afa158015611ae3573d5f5f3e3d5ffd5b505050506040513d601f19601f82011682018060405250810190611b0791906126a2565b9050611b3e6001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016853086611ee8565b6040516370a0823160e01b81523060048201525f9082906001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016906370a0823190602401602060405180830381865afa158015611ba4573d5f5f3e3d5ffd5b505050506040513d601f19601f82011682018060405250810190611bc891906126a2565b611bd29190612625565b9050838114611c17576040517f1ff641ae00000000000000000000000000000000000000000000000000000000815260048101859052602481018290526044016106a8565b505050505050565b5f6001600160801b03821115611c6b576040517f6dfcc65000000000000000000000000000000000000000000000000000000000815260806004820152602481018390526044016106a8565b5090565b5f610640611c7b611f1e565b836040517f19010000000000000000000000000000000000000000000000000000000000008152600281019290925260228201526042902090565b5f846001600160a01b03163b5f03611d15575f5f611cd5868686612047565b5090925090505f816003811115611cee57611cee6126b9565b148015611d0c5750866001600160a01b0316826001600160a01b0316145b92505050611d24565b611d218585858561208e565b90505b949350505050565b5f8281526002602090815260408083206001600160a01b038516845290915290205460ff16610e2c576040517fe2517d3f0000000000000000000000000000000000000000000000000000000081526001600160a01b0382166004820152602481018390526044016106a8565b60035460ff16611816576040517f8dfc202b00000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b7f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0054600203611816576040517f3ee5aeb500000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b6040517fa9059cbb000000000000000000000000000000000000000000000000000000005f8181526001600160a01b038616600452602485905291602083604481808b5af1925060015f51148316611e9f578383151615611e93573d5f823e3d81fd5b5f873b113d1516831692505b60405250949350505050565b60605f611eb783612111565b6040805160208082528183019092529192505f91906020820181803683375050509182525060208101929092525090565b611ef6848484846001612151565b61076357604051635274afe760e01b81526001600160a01b03851660048201526024016106a8565b5f306001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016148015611f7657507f000000000000000000000000000000000000000000000000000000000000000046145b15611fa057507f000000000000000000000000000000000000000000000000000000000000000090565b6117a9604080517f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f60208201527f0000000000000000000000000000000000000000000000000000000000000000918101919091527f000000000000000000000000000000000000000000000000000000000000000060608201524660808201523060a08201525f9060c00160405160208183030381529060405280519060200120905090565b5f8080604184900361207b578435602086013560408701355f1a61206d898285856121d7565b955095509550505050612085565b505f915060029050825b93509350939050565b604080517f1626ba7e00000000000000000000000000000000000000000000000000000000808252600482018690526024820192909252604481018390525f91908390818660648301375f82606483010152601f820160051c60051b915060205f60648401838b5afa9050825f5114601f3d111681169350505050949350505050565b5f60ff8216601f811115610640576040517fb3512b0c00000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b6040517f23b872dd000000000000000000000000000000000000000000000000000000005f8181526001600160a01b038781166004528616602452604485905291602083606481808c5af1925060015f511483166121c65783831516156121ba573d5f823e3d81fd5b5f883b113d1516831692505b604052505f60605295945050505050565b5f80807f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a084111561221057505f91506003905082612295565b604080515f808252602082018084528a905260ff891692820192909252606081018790526080810186905260019060a0016020604051602081039080840390855afa158015612261573d5f5f3e3d5ffd5b5050604051601f1901519150506001600160a01b03811661228c57505f925060019150829050612295565b92505f91508190505b9450945094915050565b5f602082840312156122af575f5ffd5b81356001600160e01b0319811681146122c6575f5ffd5b9392505050565b5f602082840312156122dd575f5ffd5b5035919050565b5f5f83601f8401126122f4575f5ffd5b50813567ffffffffffffffff81111561230b575f5ffd5b602083019150836020828501011115612322575f5ffd5b9250929050565b5f5f5f83850360a081121561233c575f5ffd5b6080811215612349575f5ffd5b50839250608084013567ffffffffffffffff811115612366575f5ffd5b612372868287016122e4565b9497909650939450505050565b80356001600160a01b038116811461096c575f5ffd5b5f5f604083850312156123a6575f5ffd5b823591506123b66020840161237f565b90509250929050565b5f602082840312156123cf575f5ffd5b6122c68261237f565b5f5f5f606084860312156123ea575f5ffd5b6123f38461237f565b95602085013595506040909401359392505050565b5f81518084528060208401602086015e5f602082860101526020601f19601f83011685010191505092915050565b7fff000000000000000000000000000000000000000000000000000000000000008816815260e060208201525f61247060e0830189612408565b82810360408401526124828189612408565b606084018890526001600160a01b038716608085015260a0840186905283810360c0850152845180825260208087019350909101905f5b818110156124d75783518352602093840193909201916001016124b9565b50909b9a5050505050505050505050565b803560ff8116811461096c575f5ffd5b5f5f5f6060848603121561250a575f5ffd5b6125138461237f565b9250612521602085016124e8565b929592945050506040919091013590565b5f60a08284031215612542575f5ffd5b50919050565b5f5f5f5f610160858703121561255c575f5ffd5b6125668686612532565b935060a085013567ffffffffffffffff811115612581575f5ffd5b61258d878288016122e4565b90945092506125a190508660c08701612532565b905092959194509250565b5f5f604083850312156125bd575f5ffd5b6125c68361237f565b946020939093013593505050565b5f5f5f83850360e08112156125e7575f5ffd5b60c08112156125f4575f5ffd5b5083925060c084013567ffffffffffffffff811115612366575f5ffd5b634e487b7160e01b5f52601160045260245ffd5b8181038181111561064057610640612611565b5f60208284031215612648575f5ffd5b6122c6826124e8565b8082018082111561064057610640612611565b6001600160801b03828116828216039081111561064057610640612611565b6001600160801b03818116838216019081111561064057610640612611565b5f602082840312156126b2575f5ffd5b5051919050565b634e487b7160e01b5f52602160045260245ffd",
}

// NodeRegistry is an auto generated Go binding around an Ethereum contract.
type NodeRegistry struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *NodeRegistry) GetABI() abi.ABI {
	return c.abi
}

// NewNodeRegistry creates a new instance of NodeRegistry.
func NewNodeRegistry() *NodeRegistry {
	parsed, err := NodeRegistryMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &NodeRegistry{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *NodeRegistry) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address token_, address admin, uint256 unbondDelay_) returns()
func (nodeRegistry *NodeRegistry) PackConstructor(token_ common.Address, admin common.Address, unbondDelay_ *big.Int) []byte {
	enc, err := nodeRegistry.abi.Pack("", token_, admin, unbondDelay_)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (nodeRegistry *NodeRegistry) PackDEFAULTADMINROLE() []byte {
	enc, err := nodeRegistry.abi.Pack("DEFAULT_ADMIN_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (nodeRegistry *NodeRegistry) TryPackDEFAULTADMINROLE() ([]byte, error) {
	return nodeRegistry.abi.Pack("DEFAULT_ADMIN_ROLE")
}

// UnpackDEFAULTADMINROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa217fddf.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (nodeRegistry *NodeRegistry) UnpackDEFAULTADMINROLE(data []byte) ([32]byte, error) {
	out, err := nodeRegistry.abi.Unpack("DEFAULT_ADMIN_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackGUARDIANROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x24ea54f4.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function GUARDIAN_ROLE() view returns(bytes32)
func (nodeRegistry *NodeRegistry) PackGUARDIANROLE() []byte {
	enc, err := nodeRegistry.abi.Pack("GUARDIAN_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGUARDIANROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x24ea54f4.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function GUARDIAN_ROLE() view returns(bytes32)
func (nodeRegistry *NodeRegistry) TryPackGUARDIANROLE() ([]byte, error) {
	return nodeRegistry.abi.Pack("GUARDIAN_ROLE")
}

// UnpackGUARDIANROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x24ea54f4.
//
// Solidity: function GUARDIAN_ROLE() view returns(bytes32)
func (nodeRegistry *NodeRegistry) UnpackGUARDIANROLE(data []byte) ([32]byte, error) {
	out, err := nodeRegistry.abi.Unpack("GUARDIAN_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackSLASHERROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5095af64.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function SLASHER_ROLE() view returns(bytes32)
func (nodeRegistry *NodeRegistry) PackSLASHERROLE() []byte {
	enc, err := nodeRegistry.abi.Pack("SLASHER_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSLASHERROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5095af64.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function SLASHER_ROLE() view returns(bytes32)
func (nodeRegistry *NodeRegistry) TryPackSLASHERROLE() ([]byte, error) {
	return nodeRegistry.abi.Pack("SLASHER_ROLE")
}

// UnpackSLASHERROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x5095af64.
//
// Solidity: function SLASHER_ROLE() view returns(bytes32)
func (nodeRegistry *NodeRegistry) UnpackSLASHERROLE(data []byte) ([32]byte, error) {
	out, err := nodeRegistry.abi.Unpack("SLASHER_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackVERIFIER is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x08c84e70.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function VERIFIER() view returns(uint8)
func (nodeRegistry *NodeRegistry) PackVERIFIER() []byte {
	enc, err := nodeRegistry.abi.Pack("VERIFIER")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVERIFIER is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x08c84e70.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function VERIFIER() view returns(uint8)
func (nodeRegistry *NodeRegistry) TryPackVERIFIER() ([]byte, error) {
	return nodeRegistry.abi.Pack("VERIFIER")
}

// UnpackVERIFIER is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x08c84e70.
//
// Solidity: function VERIFIER() view returns(uint8)
func (nodeRegistry *NodeRegistry) UnpackVERIFIER(data []byte) (uint8, error) {
	out, err := nodeRegistry.abi.Unpack("VERIFIER", data)
	if err != nil {
		return *new(uint8), err
	}
	out0 := *abi.ConvertType(out[0], new(uint8)).(*uint8)
	return out0, nil
}

// PackWORKER is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x39a6de21.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function WORKER() view returns(uint8)
func (nodeRegistry *NodeRegistry) PackWORKER() []byte {
	enc, err := nodeRegistry.abi.Pack("WORKER")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackWORKER is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x39a6de21.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function WORKER() view returns(uint8)
func (nodeRegistry *NodeRegistry) TryPackWORKER() ([]byte, error) {
	return nodeRegistry.abi.Pack("WORKER")
}

// UnpackWORKER is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x39a6de21.
//
// Solidity: function WORKER() view returns(uint8)
func (nodeRegistry *NodeRegistry) UnpackWORKER(data []byte) (uint8, error) {
	out, err := nodeRegistry.abi.Unpack("WORKER", data)
	if err != nil {
		return *new(uint8), err
	}
	out0 := *abi.ConvertType(out[0], new(uint8)).(*uint8)
	return out0, nil
}

// PackDoneAt is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe8183847.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function doneAt(bytes32 id) view returns(uint256)
func (nodeRegistry *NodeRegistry) PackDoneAt(id [32]byte) []byte {
	enc, err := nodeRegistry.abi.Pack("doneAt", id)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDoneAt is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe8183847.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function doneAt(bytes32 id) view returns(uint256)
func (nodeRegistry *NodeRegistry) TryPackDoneAt(id [32]byte) ([]byte, error) {
	return nodeRegistry.abi.Pack("doneAt", id)
}

// UnpackDoneAt is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe8183847.
//
// Solidity: function doneAt(bytes32 id) view returns(uint256)
func (nodeRegistry *NodeRegistry) UnpackDoneAt(data []byte) (*big.Int, error) {
	out, err := nodeRegistry.abi.Unpack("doneAt", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (nodeRegistry *NodeRegistry) PackGetRoleAdmin(role [32]byte) []byte {
	enc, err := nodeRegistry.abi.Pack("getRoleAdmin", role)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (nodeRegistry *NodeRegistry) TryPackGetRoleAdmin(role [32]byte) ([]byte, error) {
	return nodeRegistry.abi.Pack("getRoleAdmin", role)
}

// UnpackGetRoleAdmin is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x248a9ca3.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (nodeRegistry *NodeRegistry) UnpackGetRoleAdmin(data []byte) ([32]byte, error) {
	out, err := nodeRegistry.abi.Unpack("getRoleAdmin", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (nodeRegistry *NodeRegistry) PackGrantRole(role [32]byte, account common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("grantRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (nodeRegistry *NodeRegistry) TryPackGrantRole(role [32]byte, account common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("grantRole", role, account)
}

// PackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (nodeRegistry *NodeRegistry) PackHasRole(role [32]byte, account common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("hasRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (nodeRegistry *NodeRegistry) TryPackHasRole(role [32]byte, account common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("hasRole", role, account)
}

// UnpackHasRole is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x91d14854.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (nodeRegistry *NodeRegistry) UnpackHasRole(data []byte) (bool, error) {
	out, err := nodeRegistry.abi.Unpack("hasRole", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackNode is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xbffbe61c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function node(address node_) view returns((address,uint8,uint64,bytes32,uint128,uint128))
func (nodeRegistry *NodeRegistry) PackNode(node common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("node", node)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackNode is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xbffbe61c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function node(address node_) view returns((address,uint8,uint64,bytes32,uint128,uint128))
func (nodeRegistry *NodeRegistry) TryPackNode(node common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("node", node)
}

// UnpackNode is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xbffbe61c.
//
// Solidity: function node(address node_) view returns((address,uint8,uint64,bytes32,uint128,uint128))
func (nodeRegistry *NodeRegistry) UnpackNode(data []byte) (INodeRegistryNode, error) {
	out, err := nodeRegistry.abi.Unpack("node", data)
	if err != nil {
		return *new(INodeRegistryNode), err
	}
	out0 := *abi.ConvertType(out[0], new(INodeRegistryNode)).(*INodeRegistryNode)
	return out0, nil
}

// PackNonces is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7ecebe00.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function nonces(address signer) view returns(uint256)
func (nodeRegistry *NodeRegistry) PackNonces(signer common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("nonces", signer)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackNonces is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7ecebe00.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function nonces(address signer) view returns(uint256)
func (nodeRegistry *NodeRegistry) TryPackNonces(signer common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("nonces", signer)
}

// UnpackNonces is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x7ecebe00.
//
// Solidity: function nonces(address signer) view returns(uint256)
func (nodeRegistry *NodeRegistry) UnpackNonces(data []byte) (*big.Int, error) {
	out, err := nodeRegistry.abi.Unpack("nonces", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackPause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8456cb59.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function pause() returns()
func (nodeRegistry *NodeRegistry) PackPause() []byte {
	enc, err := nodeRegistry.abi.Pack("pause")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8456cb59.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function pause() returns()
func (nodeRegistry *NodeRegistry) TryPackPause() ([]byte, error) {
	return nodeRegistry.abi.Pack("pause")
}

// PackPaused is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5c975abb.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function paused() view returns(bool)
func (nodeRegistry *NodeRegistry) PackPaused() []byte {
	enc, err := nodeRegistry.abi.Pack("paused")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPaused is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5c975abb.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function paused() view returns(bool)
func (nodeRegistry *NodeRegistry) TryPackPaused() ([]byte, error) {
	return nodeRegistry.abi.Pack("paused")
}

// UnpackPaused is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x5c975abb.
//
// Solidity: function paused() view returns(bool)
func (nodeRegistry *NodeRegistry) UnpackPaused(data []byte) (bool, error) {
	out, err := nodeRegistry.abi.Unpack("paused", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackPenaltyPool is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0a36614f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function penaltyPool() view returns(uint256)
func (nodeRegistry *NodeRegistry) PackPenaltyPool() []byte {
	enc, err := nodeRegistry.abi.Pack("penaltyPool")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPenaltyPool is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0a36614f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function penaltyPool() view returns(uint256)
func (nodeRegistry *NodeRegistry) TryPackPenaltyPool() ([]byte, error) {
	return nodeRegistry.abi.Pack("penaltyPool")
}

// UnpackPenaltyPool is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x0a36614f.
//
// Solidity: function penaltyPool() view returns(uint256)
func (nodeRegistry *NodeRegistry) UnpackPenaltyPool(data []byte) (*big.Int, error) {
	out, err := nodeRegistry.abi.Unpack("penaltyPool", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackRegister is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x92e776e5.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function register(address owner, uint8 roles, bytes32 encryptionKeyHash) returns()
func (nodeRegistry *NodeRegistry) PackRegister(owner common.Address, roles uint8, encryptionKeyHash [32]byte) []byte {
	enc, err := nodeRegistry.abi.Pack("register", owner, roles, encryptionKeyHash)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRegister is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x92e776e5.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function register(address owner, uint8 roles, bytes32 encryptionKeyHash) returns()
func (nodeRegistry *NodeRegistry) TryPackRegister(owner common.Address, roles uint8, encryptionKeyHash [32]byte) ([]byte, error) {
	return nodeRegistry.abi.Pack("register", owner, roles, encryptionKeyHash)
}

// PackRegisterFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd9278e9d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function registerFor((address,address,uint8,bytes32,uint256,uint256) r, bytes signature) returns()
func (nodeRegistry *NodeRegistry) PackRegisterFor(r INodeRegistryRegistration, signature []byte) []byte {
	enc, err := nodeRegistry.abi.Pack("registerFor", r, signature)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRegisterFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd9278e9d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function registerFor((address,address,uint8,bytes32,uint256,uint256) r, bytes signature) returns()
func (nodeRegistry *NodeRegistry) TryPackRegisterFor(r INodeRegistryRegistration, signature []byte) ([]byte, error) {
	return nodeRegistry.abi.Pack("registerFor", r, signature)
}

// PackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function renounceRole(bytes32 role, address callerConfirmation) returns()
func (nodeRegistry *NodeRegistry) PackRenounceRole(role [32]byte, callerConfirmation common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("renounceRole", role, callerConfirmation)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function renounceRole(bytes32 role, address callerConfirmation) returns()
func (nodeRegistry *NodeRegistry) TryPackRenounceRole(role [32]byte, callerConfirmation common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("renounceRole", role, callerConfirmation)
}

// PackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (nodeRegistry *NodeRegistry) PackRevokeRole(role [32]byte, account common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("revokeRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (nodeRegistry *NodeRegistry) TryPackRevokeRole(role [32]byte, account common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("revokeRole", role, account)
}

// PackReward is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7dad66f7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function reward(address verifier, uint256 amount, bytes32 reason) returns()
func (nodeRegistry *NodeRegistry) PackReward(verifier common.Address, amount *big.Int, reason [32]byte) []byte {
	enc, err := nodeRegistry.abi.Pack("reward", verifier, amount, reason)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackReward is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7dad66f7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function reward(address verifier, uint256 amount, bytes32 reason) returns()
func (nodeRegistry *NodeRegistry) TryPackReward(verifier common.Address, amount *big.Int, reason [32]byte) ([]byte, error) {
	return nodeRegistry.abi.Pack("reward", verifier, amount, reason)
}

// PackSlash is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfba2c05a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function slash(address node_, uint256 amount, bytes32 offence) returns(uint256 taken)
func (nodeRegistry *NodeRegistry) PackSlash(node common.Address, amount *big.Int, offence [32]byte) []byte {
	enc, err := nodeRegistry.abi.Pack("slash", node, amount, offence)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSlash is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfba2c05a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function slash(address node_, uint256 amount, bytes32 offence) returns(uint256 taken)
func (nodeRegistry *NodeRegistry) TryPackSlash(node common.Address, amount *big.Int, offence [32]byte) ([]byte, error) {
	return nodeRegistry.abi.Pack("slash", node, amount, offence)
}

// UnpackSlash is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xfba2c05a.
//
// Solidity: function slash(address node_, uint256 amount, bytes32 offence) returns(uint256 taken)
func (nodeRegistry *NodeRegistry) UnpackSlash(data []byte) (*big.Int, error) {
	out, err := nodeRegistry.abi.Unpack("slash", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackStake is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xadc9772e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function stake(address node_, uint256 amount) returns()
func (nodeRegistry *NodeRegistry) PackStake(node common.Address, amount *big.Int) []byte {
	enc, err := nodeRegistry.abi.Pack("stake", node, amount)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackStake is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xadc9772e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function stake(address node_, uint256 amount) returns()
func (nodeRegistry *NodeRegistry) TryPackStake(node common.Address, amount *big.Int) ([]byte, error) {
	return nodeRegistry.abi.Pack("stake", node, amount)
}

// PackStakeFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x94332a16.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function stakeFor((address,address,uint256,uint256,uint256) s, bytes signature, (uint256,uint256,uint8,bytes32,bytes32) permit) returns()
func (nodeRegistry *NodeRegistry) PackStakeFor(s INodeRegistryStaking, signature []byte, permit IPermitPermit) []byte {
	enc, err := nodeRegistry.abi.Pack("stakeFor", s, signature, permit)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackStakeFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x94332a16.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function stakeFor((address,address,uint256,uint256,uint256) s, bytes signature, (uint256,uint256,uint8,bytes32,bytes32) permit) returns()
func (nodeRegistry *NodeRegistry) TryPackStakeFor(s INodeRegistryStaking, signature []byte, permit IPermitPermit) ([]byte, error) {
	return nodeRegistry.abi.Pack("stakeFor", s, signature, permit)
}

// PackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (nodeRegistry *NodeRegistry) PackSupportsInterface(interfaceId [4]byte) []byte {
	enc, err := nodeRegistry.abi.Pack("supportsInterface", interfaceId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (nodeRegistry *NodeRegistry) TryPackSupportsInterface(interfaceId [4]byte) ([]byte, error) {
	return nodeRegistry.abi.Pack("supportsInterface", interfaceId)
}

// UnpackSupportsInterface is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x01ffc9a7.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (nodeRegistry *NodeRegistry) UnpackSupportsInterface(data []byte) (bool, error) {
	out, err := nodeRegistry.abi.Unpack("supportsInterface", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackToken is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfc0c546a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function token() view returns(address)
func (nodeRegistry *NodeRegistry) PackToken() []byte {
	enc, err := nodeRegistry.abi.Pack("token")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackToken is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfc0c546a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function token() view returns(address)
func (nodeRegistry *NodeRegistry) TryPackToken() ([]byte, error) {
	return nodeRegistry.abi.Pack("token")
}

// UnpackToken is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xfc0c546a.
//
// Solidity: function token() view returns(address)
func (nodeRegistry *NodeRegistry) UnpackToken(data []byte) (common.Address, error) {
	out, err := nodeRegistry.abi.Unpack("token", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackUnbond is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa5d059ca.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function unbond(address node_, uint256 amount) returns()
func (nodeRegistry *NodeRegistry) PackUnbond(node common.Address, amount *big.Int) []byte {
	enc, err := nodeRegistry.abi.Pack("unbond", node, amount)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackUnbond is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa5d059ca.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function unbond(address node_, uint256 amount) returns()
func (nodeRegistry *NodeRegistry) TryPackUnbond(node common.Address, amount *big.Int) ([]byte, error) {
	return nodeRegistry.abi.Pack("unbond", node, amount)
}

// PackUnbondDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x51127fca.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function unbondDelay() view returns(uint256)
func (nodeRegistry *NodeRegistry) PackUnbondDelay() []byte {
	enc, err := nodeRegistry.abi.Pack("unbondDelay")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackUnbondDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x51127fca.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function unbondDelay() view returns(uint256)
func (nodeRegistry *NodeRegistry) TryPackUnbondDelay() ([]byte, error) {
	return nodeRegistry.abi.Pack("unbondDelay")
}

// UnpackUnbondDelay is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x51127fca.
//
// Solidity: function unbondDelay() view returns(uint256)
func (nodeRegistry *NodeRegistry) UnpackUnbondDelay(data []byte) (*big.Int, error) {
	out, err := nodeRegistry.abi.Unpack("unbondDelay", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackUnbondFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x28a0efc9.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function unbondFor((address,uint256,uint256,uint256) u, bytes signature) returns()
func (nodeRegistry *NodeRegistry) PackUnbondFor(u INodeRegistryUnbonding, signature []byte) []byte {
	enc, err := nodeRegistry.abi.Pack("unbondFor", u, signature)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackUnbondFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x28a0efc9.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function unbondFor((address,uint256,uint256,uint256) u, bytes signature) returns()
func (nodeRegistry *NodeRegistry) TryPackUnbondFor(u INodeRegistryUnbonding, signature []byte) ([]byte, error) {
	return nodeRegistry.abi.Pack("unbondFor", u, signature)
}

// PackUnpause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3f4ba83a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function unpause() returns()
func (nodeRegistry *NodeRegistry) PackUnpause() []byte {
	enc, err := nodeRegistry.abi.Pack("unpause")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackUnpause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3f4ba83a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function unpause() returns()
func (nodeRegistry *NodeRegistry) TryPackUnpause() ([]byte, error) {
	return nodeRegistry.abi.Pack("unpause")
}

// PackWithdraw is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x51cff8d9.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function withdraw(address node_) returns(uint256 amount)
func (nodeRegistry *NodeRegistry) PackWithdraw(node common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("withdraw", node)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackWithdraw is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x51cff8d9.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function withdraw(address node_) returns(uint256 amount)
func (nodeRegistry *NodeRegistry) TryPackWithdraw(node common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("withdraw", node)
}

// UnpackWithdraw is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x51cff8d9.
//
// Solidity: function withdraw(address node_) returns(uint256 amount)
func (nodeRegistry *NodeRegistry) UnpackWithdraw(data []byte) (*big.Int, error) {
	out, err := nodeRegistry.abi.Unpack("withdraw", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// NodeRegistryEIP712DomainChanged represents a EIP712DomainChanged event raised by the NodeRegistry contract.
type NodeRegistryEIP712DomainChanged struct {
	Raw *types.Log // Blockchain specific contextual infos
}

const NodeRegistryEIP712DomainChangedEventName = "EIP712DomainChanged"

// ContractEventName returns the user-defined event name.
func (NodeRegistryEIP712DomainChanged) ContractEventName() string {
	return NodeRegistryEIP712DomainChangedEventName
}

// UnpackEIP712DomainChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event EIP712DomainChanged()
func (nodeRegistry *NodeRegistry) UnpackEIP712DomainChangedEvent(log *types.Log) (*NodeRegistryEIP712DomainChanged, error) {
	event := "EIP712DomainChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryEIP712DomainChanged)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// NodeRegistryPaused represents a Paused event raised by the NodeRegistry contract.
type NodeRegistryPaused struct {
	Account common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const NodeRegistryPausedEventName = "Paused"

// ContractEventName returns the user-defined event name.
func (NodeRegistryPaused) ContractEventName() string {
	return NodeRegistryPausedEventName
}

// UnpackPausedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Paused(address account)
func (nodeRegistry *NodeRegistry) UnpackPausedEvent(log *types.Log) (*NodeRegistryPaused, error) {
	event := "Paused"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryPaused)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// NodeRegistryRegistered represents a Registered event raised by the NodeRegistry contract.
type NodeRegistryRegistered struct {
	Node              common.Address
	Owner             common.Address
	Roles             uint8
	EncryptionKeyHash [32]byte
	Raw               *types.Log // Blockchain specific contextual infos
}

const NodeRegistryRegisteredEventName = "Registered"

// ContractEventName returns the user-defined event name.
func (NodeRegistryRegistered) ContractEventName() string {
	return NodeRegistryRegisteredEventName
}

// UnpackRegisteredEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Registered(address indexed node, address indexed owner, uint8 roles, bytes32 encryptionKeyHash)
func (nodeRegistry *NodeRegistry) UnpackRegisteredEvent(log *types.Log) (*NodeRegistryRegistered, error) {
	event := "Registered"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryRegistered)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// NodeRegistryRewarded represents a Rewarded event raised by the NodeRegistry contract.
type NodeRegistryRewarded struct {
	Verifier common.Address
	Reason   [32]byte
	Amount   *big.Int
	Pool     *big.Int
	Raw      *types.Log // Blockchain specific contextual infos
}

const NodeRegistryRewardedEventName = "Rewarded"

// ContractEventName returns the user-defined event name.
func (NodeRegistryRewarded) ContractEventName() string {
	return NodeRegistryRewardedEventName
}

// UnpackRewardedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Rewarded(address indexed verifier, bytes32 indexed reason, uint256 amount, uint256 pool)
func (nodeRegistry *NodeRegistry) UnpackRewardedEvent(log *types.Log) (*NodeRegistryRewarded, error) {
	event := "Rewarded"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryRewarded)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// NodeRegistryRoleAdminChanged represents a RoleAdminChanged event raised by the NodeRegistry contract.
type NodeRegistryRoleAdminChanged struct {
	Role              [32]byte
	PreviousAdminRole [32]byte
	NewAdminRole      [32]byte
	Raw               *types.Log // Blockchain specific contextual infos
}

const NodeRegistryRoleAdminChangedEventName = "RoleAdminChanged"

// ContractEventName returns the user-defined event name.
func (NodeRegistryRoleAdminChanged) ContractEventName() string {
	return NodeRegistryRoleAdminChangedEventName
}

// UnpackRoleAdminChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)
func (nodeRegistry *NodeRegistry) UnpackRoleAdminChangedEvent(log *types.Log) (*NodeRegistryRoleAdminChanged, error) {
	event := "RoleAdminChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryRoleAdminChanged)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// NodeRegistryRoleGranted represents a RoleGranted event raised by the NodeRegistry contract.
type NodeRegistryRoleGranted struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const NodeRegistryRoleGrantedEventName = "RoleGranted"

// ContractEventName returns the user-defined event name.
func (NodeRegistryRoleGranted) ContractEventName() string {
	return NodeRegistryRoleGrantedEventName
}

// UnpackRoleGrantedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)
func (nodeRegistry *NodeRegistry) UnpackRoleGrantedEvent(log *types.Log) (*NodeRegistryRoleGranted, error) {
	event := "RoleGranted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryRoleGranted)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// NodeRegistryRoleRevoked represents a RoleRevoked event raised by the NodeRegistry contract.
type NodeRegistryRoleRevoked struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const NodeRegistryRoleRevokedEventName = "RoleRevoked"

// ContractEventName returns the user-defined event name.
func (NodeRegistryRoleRevoked) ContractEventName() string {
	return NodeRegistryRoleRevokedEventName
}

// UnpackRoleRevokedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)
func (nodeRegistry *NodeRegistry) UnpackRoleRevokedEvent(log *types.Log) (*NodeRegistryRoleRevoked, error) {
	event := "RoleRevoked"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryRoleRevoked)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// NodeRegistrySlashed represents a Slashed event raised by the NodeRegistry contract.
type NodeRegistrySlashed struct {
	Node    common.Address
	Offence [32]byte
	Amount  *big.Int
	Pool    *big.Int
	Raw     *types.Log // Blockchain specific contextual infos
}

const NodeRegistrySlashedEventName = "Slashed"

// ContractEventName returns the user-defined event name.
func (NodeRegistrySlashed) ContractEventName() string {
	return NodeRegistrySlashedEventName
}

// UnpackSlashedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Slashed(address indexed node, bytes32 indexed offence, uint256 amount, uint256 pool)
func (nodeRegistry *NodeRegistry) UnpackSlashedEvent(log *types.Log) (*NodeRegistrySlashed, error) {
	event := "Slashed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistrySlashed)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// NodeRegistryStaked represents a Staked event raised by the NodeRegistry contract.
type NodeRegistryStaked struct {
	Node   common.Address
	From   common.Address
	Amount *big.Int
	Stake  *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const NodeRegistryStakedEventName = "Staked"

// ContractEventName returns the user-defined event name.
func (NodeRegistryStaked) ContractEventName() string {
	return NodeRegistryStakedEventName
}

// UnpackStakedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Staked(address indexed node, address indexed from, uint256 amount, uint256 stake)
func (nodeRegistry *NodeRegistry) UnpackStakedEvent(log *types.Log) (*NodeRegistryStaked, error) {
	event := "Staked"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryStaked)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// NodeRegistryUnbonded represents a Unbonded event raised by the NodeRegistry contract.
type NodeRegistryUnbonded struct {
	Node     common.Address
	Amount   *big.Int
	UnbondAt *big.Int
	Raw      *types.Log // Blockchain specific contextual infos
}

const NodeRegistryUnbondedEventName = "Unbonded"

// ContractEventName returns the user-defined event name.
func (NodeRegistryUnbonded) ContractEventName() string {
	return NodeRegistryUnbondedEventName
}

// UnpackUnbondedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Unbonded(address indexed node, uint256 amount, uint256 unbondAt)
func (nodeRegistry *NodeRegistry) UnpackUnbondedEvent(log *types.Log) (*NodeRegistryUnbonded, error) {
	event := "Unbonded"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryUnbonded)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// NodeRegistryUnpaused represents a Unpaused event raised by the NodeRegistry contract.
type NodeRegistryUnpaused struct {
	Account common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const NodeRegistryUnpausedEventName = "Unpaused"

// ContractEventName returns the user-defined event name.
func (NodeRegistryUnpaused) ContractEventName() string {
	return NodeRegistryUnpausedEventName
}

// UnpackUnpausedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Unpaused(address account)
func (nodeRegistry *NodeRegistry) UnpackUnpausedEvent(log *types.Log) (*NodeRegistryUnpaused, error) {
	event := "Unpaused"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryUnpaused)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// NodeRegistryWithdrawn represents a Withdrawn event raised by the NodeRegistry contract.
type NodeRegistryWithdrawn struct {
	Node   common.Address
	Owner  common.Address
	Amount *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const NodeRegistryWithdrawnEventName = "Withdrawn"

// ContractEventName returns the user-defined event name.
func (NodeRegistryWithdrawn) ContractEventName() string {
	return NodeRegistryWithdrawnEventName
}

// UnpackWithdrawnEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Withdrawn(address indexed node, address indexed owner, uint256 amount)
func (nodeRegistry *NodeRegistry) UnpackWithdrawnEvent(log *types.Log) (*NodeRegistryWithdrawn, error) {
	event := "Withdrawn"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryWithdrawn)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// UnpackError attempts to decode the provided error data using user-defined
// error definitions.
func (nodeRegistry *NodeRegistry) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["AccessControlBadConfirmation"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackAccessControlBadConfirmationError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["AccessControlUnauthorizedAccount"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackAccessControlUnauthorizedAccountError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["AlreadyDone"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackAlreadyDoneError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["BadRoles"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackBadRolesError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["EnforcedPause"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackEnforcedPauseError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["ExpectedPause"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackExpectedPauseError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["Expired"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackExpiredError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["InvalidShortString"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackInvalidShortStringError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["NotEnough"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackNotEnoughError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["ReentrancyGuardReentrantCall"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackReentrancyGuardReentrantCallError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["SafeCastOverflowedUintDowncast"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackSafeCastOverflowedUintDowncastError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["SafeERC20FailedOperation"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackSafeERC20FailedOperationError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["StillBonded"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackStillBondedError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["StringTooLong"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackStringTooLongError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["UnknownNode"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackUnknownNodeError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["WrongAmountReceived"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackWrongAmountReceivedError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["WrongNonce"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackWrongNonceError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["WrongOwner"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackWrongOwnerError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["WrongSigner"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackWrongSignerError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["ZeroValue"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackZeroValueError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// NodeRegistryAccessControlBadConfirmation represents a AccessControlBadConfirmation error raised by the NodeRegistry contract.
type NodeRegistryAccessControlBadConfirmation struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlBadConfirmation()
func NodeRegistryAccessControlBadConfirmationErrorID() common.Hash {
	return common.HexToHash("0x6697b23232a647058342c0724fe7c415cab25915b54e5dbc03f233173d37b41c")
}

// UnpackAccessControlBadConfirmationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlBadConfirmation()
func (nodeRegistry *NodeRegistry) UnpackAccessControlBadConfirmationError(raw []byte) (*NodeRegistryAccessControlBadConfirmation, error) {
	out := new(NodeRegistryAccessControlBadConfirmation)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "AccessControlBadConfirmation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryAccessControlUnauthorizedAccount represents a AccessControlUnauthorizedAccount error raised by the NodeRegistry contract.
type NodeRegistryAccessControlUnauthorizedAccount struct {
	Account    common.Address
	NeededRole [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func NodeRegistryAccessControlUnauthorizedAccountErrorID() common.Hash {
	return common.HexToHash("0xe2517d3fbfae6f8515ef5ff1ccedc3933ab0cbbda0b492c06eb54ad10ef03b3e")
}

// UnpackAccessControlUnauthorizedAccountError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func (nodeRegistry *NodeRegistry) UnpackAccessControlUnauthorizedAccountError(raw []byte) (*NodeRegistryAccessControlUnauthorizedAccount, error) {
	out := new(NodeRegistryAccessControlUnauthorizedAccount)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "AccessControlUnauthorizedAccount", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryAlreadyDone represents a AlreadyDone error raised by the NodeRegistry contract.
type NodeRegistryAlreadyDone struct {
	Id [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AlreadyDone(bytes32 id)
func NodeRegistryAlreadyDoneErrorID() common.Hash {
	return common.HexToHash("0x792f660fba8b33985c6e57b1f3beb602384ef16cbd17f7b4911b5aa238b30fb3")
}

// UnpackAlreadyDoneError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AlreadyDone(bytes32 id)
func (nodeRegistry *NodeRegistry) UnpackAlreadyDoneError(raw []byte) (*NodeRegistryAlreadyDone, error) {
	out := new(NodeRegistryAlreadyDone)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "AlreadyDone", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryBadRoles represents a BadRoles error raised by the NodeRegistry contract.
type NodeRegistryBadRoles struct {
	Roles uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadRoles(uint8 roles)
func NodeRegistryBadRolesErrorID() common.Hash {
	return common.HexToHash("0x81f61295403ef62d4a7520e1cd773f1fd9d27a654b5de092689d308c84dcc553")
}

// UnpackBadRolesError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadRoles(uint8 roles)
func (nodeRegistry *NodeRegistry) UnpackBadRolesError(raw []byte) (*NodeRegistryBadRoles, error) {
	out := new(NodeRegistryBadRoles)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "BadRoles", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryEnforcedPause represents a EnforcedPause error raised by the NodeRegistry contract.
type NodeRegistryEnforcedPause struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error EnforcedPause()
func NodeRegistryEnforcedPauseErrorID() common.Hash {
	return common.HexToHash("0xd93c0665d6c96d04a8f174024fc4ddd66c250604aff22bbec808de86dd3637e3")
}

// UnpackEnforcedPauseError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error EnforcedPause()
func (nodeRegistry *NodeRegistry) UnpackEnforcedPauseError(raw []byte) (*NodeRegistryEnforcedPause, error) {
	out := new(NodeRegistryEnforcedPause)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "EnforcedPause", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryExpectedPause represents a ExpectedPause error raised by the NodeRegistry contract.
type NodeRegistryExpectedPause struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ExpectedPause()
func NodeRegistryExpectedPauseErrorID() common.Hash {
	return common.HexToHash("0x8dfc202bcfe9a735b559bee70674422512bc5c30f687046ae8778315fb81da44")
}

// UnpackExpectedPauseError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ExpectedPause()
func (nodeRegistry *NodeRegistry) UnpackExpectedPauseError(raw []byte) (*NodeRegistryExpectedPause, error) {
	out := new(NodeRegistryExpectedPause)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "ExpectedPause", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryExpired represents a Expired error raised by the NodeRegistry contract.
type NodeRegistryExpired struct {
	Deadline *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Expired(uint256 deadline)
func NodeRegistryExpiredErrorID() common.Hash {
	return common.HexToHash("0xf80dbaea4785589e52984ca36a31de106adc77759539a5c7d92883bf49692fe9")
}

// UnpackExpiredError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Expired(uint256 deadline)
func (nodeRegistry *NodeRegistry) UnpackExpiredError(raw []byte) (*NodeRegistryExpired, error) {
	out := new(NodeRegistryExpired)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "Expired", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryInvalidShortString represents a InvalidShortString error raised by the NodeRegistry contract.
type NodeRegistryInvalidShortString struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidShortString()
func NodeRegistryInvalidShortStringErrorID() common.Hash {
	return common.HexToHash("0xb3512b0c6163e5f0bafab72bb631b9d58cd7a731b082f910338aa21c83d5c274")
}

// UnpackInvalidShortStringError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidShortString()
func (nodeRegistry *NodeRegistry) UnpackInvalidShortStringError(raw []byte) (*NodeRegistryInvalidShortString, error) {
	out := new(NodeRegistryInvalidShortString)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "InvalidShortString", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryNotEnough represents a NotEnough error raised by the NodeRegistry contract.
type NodeRegistryNotEnough struct {
	Amount    *big.Int
	Available *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotEnough(uint256 amount, uint256 available)
func NodeRegistryNotEnoughErrorID() common.Hash {
	return common.HexToHash("0x8b29af59ca4b1a6652b9d5f6e583e1e96dcb2a58a607e66728c3641c1581073f")
}

// UnpackNotEnoughError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotEnough(uint256 amount, uint256 available)
func (nodeRegistry *NodeRegistry) UnpackNotEnoughError(raw []byte) (*NodeRegistryNotEnough, error) {
	out := new(NodeRegistryNotEnough)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "NotEnough", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryReentrancyGuardReentrantCall represents a ReentrancyGuardReentrantCall error raised by the NodeRegistry contract.
type NodeRegistryReentrancyGuardReentrantCall struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ReentrancyGuardReentrantCall()
func NodeRegistryReentrancyGuardReentrantCallErrorID() common.Hash {
	return common.HexToHash("0x3ee5aeb571de7fc460830b4d0017439a1ca56fb0bc39062227ade4fe4a24c1ca")
}

// UnpackReentrancyGuardReentrantCallError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ReentrancyGuardReentrantCall()
func (nodeRegistry *NodeRegistry) UnpackReentrancyGuardReentrantCallError(raw []byte) (*NodeRegistryReentrancyGuardReentrantCall, error) {
	out := new(NodeRegistryReentrancyGuardReentrantCall)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "ReentrancyGuardReentrantCall", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistrySafeCastOverflowedUintDowncast represents a SafeCastOverflowedUintDowncast error raised by the NodeRegistry contract.
type NodeRegistrySafeCastOverflowedUintDowncast struct {
	Bits  uint8
	Value *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func NodeRegistrySafeCastOverflowedUintDowncastErrorID() common.Hash {
	return common.HexToHash("0x6dfcc6503a32754ce7a89698e18201fc5294fd4aad43edefee786f88423b1a12")
}

// UnpackSafeCastOverflowedUintDowncastError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func (nodeRegistry *NodeRegistry) UnpackSafeCastOverflowedUintDowncastError(raw []byte) (*NodeRegistrySafeCastOverflowedUintDowncast, error) {
	out := new(NodeRegistrySafeCastOverflowedUintDowncast)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "SafeCastOverflowedUintDowncast", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistrySafeERC20FailedOperation represents a SafeERC20FailedOperation error raised by the NodeRegistry contract.
type NodeRegistrySafeERC20FailedOperation struct {
	Token common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeERC20FailedOperation(address token)
func NodeRegistrySafeERC20FailedOperationErrorID() common.Hash {
	return common.HexToHash("0x5274afe73c98b4749fc91ffae6b7b574e7842cb2144a159e9377a5f20b32edf9")
}

// UnpackSafeERC20FailedOperationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeERC20FailedOperation(address token)
func (nodeRegistry *NodeRegistry) UnpackSafeERC20FailedOperationError(raw []byte) (*NodeRegistrySafeERC20FailedOperation, error) {
	out := new(NodeRegistrySafeERC20FailedOperation)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "SafeERC20FailedOperation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryStillBonded represents a StillBonded error raised by the NodeRegistry contract.
type NodeRegistryStillBonded struct {
	Until *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StillBonded(uint256 until)
func NodeRegistryStillBondedErrorID() common.Hash {
	return common.HexToHash("0x73e00be8fec5537b2002ef8433f451fe02effcce10a7cab6218be2f24de5ac82")
}

// UnpackStillBondedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StillBonded(uint256 until)
func (nodeRegistry *NodeRegistry) UnpackStillBondedError(raw []byte) (*NodeRegistryStillBonded, error) {
	out := new(NodeRegistryStillBonded)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "StillBonded", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryStringTooLong represents a StringTooLong error raised by the NodeRegistry contract.
type NodeRegistryStringTooLong struct {
	Str string
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StringTooLong(string str)
func NodeRegistryStringTooLongErrorID() common.Hash {
	return common.HexToHash("0x305a27a93f8e33b7392df0a0f91d6fc63847395853c45991eec52dbf24d72381")
}

// UnpackStringTooLongError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StringTooLong(string str)
func (nodeRegistry *NodeRegistry) UnpackStringTooLongError(raw []byte) (*NodeRegistryStringTooLong, error) {
	out := new(NodeRegistryStringTooLong)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "StringTooLong", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryUnknownNode represents a UnknownNode error raised by the NodeRegistry contract.
type NodeRegistryUnknownNode struct {
	Node common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error UnknownNode(address node)
func NodeRegistryUnknownNodeErrorID() common.Hash {
	return common.HexToHash("0xf5174389f4a9ce28e53db763578e8343d49d9c53be00692e45da1f5b8eb91d57")
}

// UnpackUnknownNodeError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error UnknownNode(address node)
func (nodeRegistry *NodeRegistry) UnpackUnknownNodeError(raw []byte) (*NodeRegistryUnknownNode, error) {
	out := new(NodeRegistryUnknownNode)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "UnknownNode", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryWrongAmountReceived represents a WrongAmountReceived error raised by the NodeRegistry contract.
type NodeRegistryWrongAmountReceived struct {
	Expected *big.Int
	Received *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongAmountReceived(uint256 expected, uint256 received)
func NodeRegistryWrongAmountReceivedErrorID() common.Hash {
	return common.HexToHash("0x1ff641ae1e10906ee8d94b5401e1d335c0cd001d74f6a2f60dad0c489583b2b2")
}

// UnpackWrongAmountReceivedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongAmountReceived(uint256 expected, uint256 received)
func (nodeRegistry *NodeRegistry) UnpackWrongAmountReceivedError(raw []byte) (*NodeRegistryWrongAmountReceived, error) {
	out := new(NodeRegistryWrongAmountReceived)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "WrongAmountReceived", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryWrongNonce represents a WrongNonce error raised by the NodeRegistry contract.
type NodeRegistryWrongNonce struct {
	Nonce    *big.Int
	Expected *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongNonce(uint256 nonce, uint256 expected)
func NodeRegistryWrongNonceErrorID() common.Hash {
	return common.HexToHash("0xa3c996d39e136a99a9c8994f2a66d9c727ac828dee12b8843f666d059ccb7e09")
}

// UnpackWrongNonceError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongNonce(uint256 nonce, uint256 expected)
func (nodeRegistry *NodeRegistry) UnpackWrongNonceError(raw []byte) (*NodeRegistryWrongNonce, error) {
	out := new(NodeRegistryWrongNonce)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "WrongNonce", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryWrongOwner represents a WrongOwner error raised by the NodeRegistry contract.
type NodeRegistryWrongOwner struct {
	Node  common.Address
	Owner common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongOwner(address node, address owner)
func NodeRegistryWrongOwnerErrorID() common.Hash {
	return common.HexToHash("0x4bc4e9587a7527fe2b3d4f8f5722e4d36cfbb93ad559cd1bbb2847d84a9691cd")
}

// UnpackWrongOwnerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongOwner(address node, address owner)
func (nodeRegistry *NodeRegistry) UnpackWrongOwnerError(raw []byte) (*NodeRegistryWrongOwner, error) {
	out := new(NodeRegistryWrongOwner)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "WrongOwner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryWrongSigner represents a WrongSigner error raised by the NodeRegistry contract.
type NodeRegistryWrongSigner struct {
	Expected common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongSigner(address expected)
func NodeRegistryWrongSignerErrorID() common.Hash {
	return common.HexToHash("0x32c15fc200d7dd37fbdda4b6dcf3c666dc26a587020101795852cde5be582e91")
}

// UnpackWrongSignerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongSigner(address expected)
func (nodeRegistry *NodeRegistry) UnpackWrongSignerError(raw []byte) (*NodeRegistryWrongSigner, error) {
	out := new(NodeRegistryWrongSigner)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "WrongSigner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryZeroValue represents a ZeroValue error raised by the NodeRegistry contract.
type NodeRegistryZeroValue struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ZeroValue()
func NodeRegistryZeroValueErrorID() common.Hash {
	return common.HexToHash("0x7c946ed78134c23eac50c0c02964d68f22dd28448c070d39c9f8e8389b217469")
}

// UnpackZeroValueError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ZeroValue()
func (nodeRegistry *NodeRegistry) UnpackZeroValueError(raw []byte) (*NodeRegistryZeroValue, error) {
	out := new(NodeRegistryZeroValue)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "ZeroValue", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsMetaData contains all meta data concerning the Payouts contract.
var PayoutsMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"token_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"admin\",\"type\":\"address\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[],\"name\":\"AccessControlBadConfirmation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"neededRole\",\"type\":\"bytes32\"}],\"name\":\"AccessControlUnauthorizedAccount\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"paid\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"total\",\"type\":\"uint256\"}],\"name\":\"ClaimExceedsTotal\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"EnforcedPause\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ExpectedPause\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"cumulative\",\"type\":\"uint256\"}],\"name\":\"InvalidProof\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ReentrancyGuardReentrantCall\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"bits\",\"type\":\"uint8\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"SafeCastOverflowedUintDowncast\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"token\",\"type\":\"address\"}],\"name\":\"SafeERC20FailedOperation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"last\",\"type\":\"uint64\"}],\"name\":\"StaleEpoch\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"total\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"last\",\"type\":\"uint256\"}],\"name\":\"TotalDecreased\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"total\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"received\",\"type\":\"uint256\"}],\"name\":\"TotalExceedsReceived\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroValue\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"cumulative\",\"type\":\"uint256\"}],\"name\":\"Claimed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"Paused\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"previousAdminRole\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"newAdminRole\",\"type\":\"bytes32\"}],\"name\":\"RoleAdminChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleGranted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleRevoked\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"total\",\"type\":\"uint256\"}],\"name\":\"RootPosted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"Unpaused\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"DEFAULT_ADMIN_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"GUARDIAN_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"OPERATOR_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"cumulative\",\"type\":\"uint256\"},{\"internalType\":\"bytes32[]\",\"name\":\"proof\",\"type\":\"bytes32[]\"}],\"name\":\"claim\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"cumulative\",\"type\":\"uint256\"},{\"internalType\":\"bytes32[]\",\"name\":\"proof\",\"type\":\"bytes32[]\"}],\"internalType\":\"structIPayouts.Claim[]\",\"name\":\"claims\",\"type\":\"tuple[]\"}],\"name\":\"claimMany\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"}],\"name\":\"getRoleAdmin\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"grantRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"hasRole\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"last\",\"outputs\":[{\"components\":[{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"blockNumber\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"total\",\"type\":\"uint256\"}],\"internalType\":\"structIPayouts.Settlement\",\"name\":\"\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"paid\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"paidAt\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pause\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"paused\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"total\",\"type\":\"uint256\"}],\"name\":\"post\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"callerConfirmation\",\"type\":\"address\"}],\"name\":\"renounceRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"revokeRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes4\",\"name\":\"interfaceId\",\"type\":\"bytes4\"}],\"name\":\"supportsInterface\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"token\",\"outputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"totalPaid\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"unpause\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"}]",
	ID:  "5882e129e3b6934b040b1fb9c605f87678",
	Bin: "0x60a060405234801561000f575f5ffd5b5060405161158038038061158083398101604081905261002e916101c2565b60017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f00556001600160a01b038216158061006f57506001600160a01b038116155b1561008d57604051637c946ed760e01b815260040160405180910390fd5b6001600160a01b0382166080526100a45f82610102565b506100cf7f97667070c54ef182b0f5858b034beac1b6f3089aa2d3188bb1e8929f4fa9b92982610102565b506100fa7f55435dd261a4b9b3364963f7738a7a662ad9c84396d64be3365284bb7f0a504182610102565b5050506101fa565b5f828152602081815260408083206001600160a01b038516845290915281205460ff166101a2575f838152602081815260408083206001600160a01b03861684529091529020805460ff1916600117905561015a3390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a45060016101a5565b505f5b92915050565b6001600160a01b03811681146101bf575f5ffd5b50565b5f5f604083850312156101d3575f5ffd5b82516101de816101ab565b60208401519092506101ef816101ab565b809150509250929050565b6080516113606102205f395f818161041f015281816108320152610d2401526113605ff3fe608060405234801561000f575f5ffd5b5060043610610163575f3560e01c80635c975abb116100c7578063bac06bb01161007d578063e7b0f66611610063578063e7b0f666146103ea578063f5b541a6146103f3578063fc0c546a1461041a575f5ffd5b8063bac06bb0146103c4578063d547741f146103d7575f5ffd5b806391d14854116100ad57806391d1485414610356578063a217fddf1461038c578063a340cf7914610393575f5ffd5b80635c975abb146103435780638456cb591461034e575f5ffd5b806336568abe1161011c5780633f4ba83a116101025780633f4ba83a1461027357806347799da81461027b5780635210c36414610330575f5ffd5b806336568abe1461024d5780633d13f87414610260575f5ffd5b8063248a9ca31161014c578063248a9ca3146101e157806324ea54f4146102115780632f2ff15d14610238575f5ffd5b806301ffc9a7146101675780630f6639e51461018f575b5f5ffd5b61017a6101753660046110c8565b610459565b60405190151581526020015b60405180910390f35b6101c861019d366004611122565b6001600160a01b03165f90815260056020526040902054600160c01b900467ffffffffffffffff1690565b60405167ffffffffffffffff9091168152602001610186565b6102036101ef36600461113b565b5f9081526020819052604090206001015490565b604051908152602001610186565b6102037f55435dd261a4b9b3364963f7738a7a662ad9c84396d64be3365284bb7f0a504181565b61024b610246366004611152565b6104f1565b005b61024b61025b366004611152565b61051b565b61020361026e3660046111c4565b61056c565b61024b6105b4565b6102e5604080516080810182525f808252602082018190529181018290526060810191909152506040805160808101825260025467ffffffffffffffff80821683526801000000000000000090910416602082015260035491810191909152600454606082015290565b60405161018691905f60808201905067ffffffffffffffff835116825267ffffffffffffffff6020840151166020830152604083015160408301526060830151606083015292915050565b61020361033e36600461121a565b6105c9565b60015460ff1661017a565b61024b6106ae565b61017a610364366004611152565b5f918252602082815260408084206001600160a01b0393909316845291905290205460ff1690565b6102035f81565b6102036103a1366004611122565b6001600160a01b03165f908152600560205260409020546001600160c01b031690565b61024b6103d2366004611259565b6106e0565b61024b6103e5366004611152565b6109a1565b61020360065481565b6102037f97667070c54ef182b0f5858b034beac1b6f3089aa2d3188bb1e8929f4fa9b92981565b6104417f000000000000000000000000000000000000000000000000000000000000000081565b6040516001600160a01b039091168152602001610186565b5f7fffffffff0000000000000000000000000000000000000000000000000000000082167f7965db0b0000000000000000000000000000000000000000000000000000000014806104eb57507f01ffc9a7000000000000000000000000000000000000000000000000000000007fffffffff000000000000000000000000000000000000000000000000000000008316145b92915050565b5f8281526020819052604090206001015461050b816109c5565b61051583836109cf565b50505050565b6001600160a01b038116331461055d576040517f6697b23200000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b6105678282610a76565b505050565b5f610575610af7565b61058185858585610b25565b90506105ac60017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b949350505050565b5f6105be816109c5565b6105c6610d56565b50565b5f6105d2610af7565b5f5b82811015610684576106708484838181106105f1576105f1611297565b905060200281019061060391906112ab565b610611906020810190611122565b85858481811061062357610623611297565b905060200281019061063591906112ab565b6020013586868581811061064b5761064b611297565b905060200281019061065d91906112ab565b61066b9060408101906112c9565b610b25565b61067a9083611323565b91506001016105d4565b506104eb60017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b7f55435dd261a4b9b3364963f7738a7a662ad9c84396d64be3365284bb7f0a50416106d8816109c5565b6105c6610da8565b7f97667070c54ef182b0f5858b034beac1b6f3089aa2d3188bb1e8929f4fa9b92961070a816109c5565b610712610de3565b82610749576040517f7c946ed700000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b60025467ffffffffffffffff908116908516116107af576002546040517fce85c42200000000000000000000000000000000000000000000000000000000815267ffffffffffffffff808716600483015290911660248201526044015b60405180910390fd5b6004548210156107f657600480546040517f70c7508d00000000000000000000000000000000000000000000000000000000815291820184905260248201526044016107a6565b6006546040517f70a082310000000000000000000000000000000000000000000000000000000081523060048201525f91906001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016906370a0823190602401602060405180830381865afa158015610877573d5f5f3e3d5ffd5b505050506040513d601f19601f8201168201806040525081019061089b9190611336565b6108a59190611323565b9050808311156108eb576040517f0aeaf14500000000000000000000000000000000000000000000000000000000815260048101849052602481018290526044016107a6565b6040805160808101825267ffffffffffffffff8781168083524390911660208084018290528385018990526060909301879052600280547fffffffffffffffffffffffffffffffff0000000000000000000000000000000016831768010000000000000000909202919091179055600387905560048690558251878152918201869052917f1cea392bfc3b2a6354298c520a779ed4cd01b7eb00427c5494a50e3c0c6774d4910160405180910390a25050505050565b5f828152602081905260409020600101546109bb816109c5565b6105158383610a76565b6105c68133610e22565b5f828152602081815260408083206001600160a01b038516845290915281205460ff16610a6f575f838152602081815260408083206001600160a01b03861684529091529020805460ff19166001179055610a273390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a45060016104eb565b505f6104eb565b5f828152602081815260408083206001600160a01b038516845290915281205460ff1615610a6f575f838152602081815260408083206001600160a01b0386168085529252808320805460ff1916905551339286917ff6391f5c32d9c69d2a47ea670b442974b53935d1edc7fd64eb21e047a839171b9190a45060016104eb565b610aff610e91565b60027f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0055565b604080516001600160a01b03861660208201529081018490525f90819060600160408051601f1981840301815282825280516020918201209083015201604051602081830303815290604052805190602001209050610b8b848460026001015484610eec565b610bd3576040517fadbd65120000000000000000000000000000000000000000000000000000000081526001600160a01b0387166004820152602481018690526044016107a6565b6001600160a01b0386165f908152600560205260409020546001600160c01b0316808611610c05575f925050506105ac565b610c0f818761134d565b92505f83600654610c209190611323565b600454909150811115610c6a57600480546040517faf321b8100000000000000000000000000000000000000000000000000000000815291820183905260248201526044016107a6565b6040518060400160405280610c7e89610f03565b6001600160c01b03908116825267ffffffffffffffff4381166020938401526001600160a01b038c165f8181526005855260409081902086519690950151909216600160c01b029490921693909317909155600683905590517f987d620f307ff6b94d58743cb7a7509f24071586a77759b77c2d4e29f75a2f9a90610d0f9087908b90918252602082015260400190565b60405180910390a2610d4b6001600160a01b037f0000000000000000000000000000000000000000000000000000000000000000168986610f53565b505050949350505050565b610d5e610fa1565b6001805460ff191690557f5db9ee0a495bf2e6ff9c91a7834c1ba4fdd244a5e8aa4e537bd38aeae4b073aa335b6040516001600160a01b03909116815260200160405180910390a1565b610db0610de3565b6001805460ff1916811790557f62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a25833610d8b565b60015460ff1615610e20576040517fd93c066500000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b565b5f828152602081815260408083206001600160a01b038516845290915290205460ff16610e8d576040517fe2517d3f0000000000000000000000000000000000000000000000000000000081526001600160a01b0382166004820152602481018390526044016107a6565b5050565b7f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f0054600203610e20576040517f3ee5aeb500000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b5f82610ef9868685610fdd565b1495945050505050565b5f6001600160c01b03821115610f4f576040517f6dfcc65000000000000000000000000000000000000000000000000000000000815260c06004820152602481018390526044016107a6565b5090565b610f60838383600161101e565b610567576040517f5274afe70000000000000000000000000000000000000000000000000000000081526001600160a01b03841660048201526024016107a6565b60015460ff16610e20576040517f8dfc202b00000000000000000000000000000000000000000000000000000000815260040160405180910390fd5b5f81815b848110156110155761100b82878784818110610fff57610fff611297565b90506020020135611099565b9150600101610fe1565b50949350505050565b6040517fa9059cbb000000000000000000000000000000000000000000000000000000005f8181526001600160a01b038616600452602485905291602083604481808b5af1925060015f5114831661108d578383151615611081573d5f823e3d81fd5b5f873b113d1516831692505b60405250949350505050565b5f8183106110b3575f8281526020849052604090206110c1565b5f8381526020839052604090205b9392505050565b5f602082840312156110d8575f5ffd5b81357fffffffff00000000000000000000000000000000000000000000000000000000811681146110c1575f5ffd5b80356001600160a01b038116811461111d575f5ffd5b919050565b5f60208284031215611132575f5ffd5b6110c182611107565b5f6020828403121561114b575f5ffd5b5035919050565b5f5f60408385031215611163575f5ffd5b8235915061117360208401611107565b90509250929050565b5f5f83601f84011261118c575f5ffd5b50813567ffffffffffffffff8111156111a3575f5ffd5b6020830191508360208260051b85010111156111bd575f5ffd5b9250929050565b5f5f5f5f606085870312156111d7575f5ffd5b6111e085611107565b935060208501359250604085013567ffffffffffffffff811115611202575f5ffd5b61120e8782880161117c565b95989497509550505050565b5f5f6020838503121561122b575f5ffd5b823567ffffffffffffffff811115611241575f5ffd5b61124d8582860161117c565b90969095509350505050565b5f5f5f6060848603121561126b575f5ffd5b833567ffffffffffffffff81168114611282575f5ffd5b95602085013595506040909401359392505050565b634e487b7160e01b5f52603260045260245ffd5b5f8235605e198336030181126112bf575f5ffd5b9190910192915050565b5f5f8335601e198436030181126112de575f5ffd5b83018035915067ffffffffffffffff8211156112f8575f5ffd5b6020019150600581901b36038213156111bd575f5ffd5b634e487b7160e01b5f52601160045260245ffd5b808201808211156104eb576104eb61130f565b5f60208284031215611346575f5ffd5b5051919050565b818103818111156104eb576104eb61130f56",
}

// Payouts is an auto generated Go binding around an Ethereum contract.
type Payouts struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *Payouts) GetABI() abi.ABI {
	return c.abi
}

// NewPayouts creates a new instance of Payouts.
func NewPayouts() *Payouts {
	parsed, err := PayoutsMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &Payouts{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *Payouts) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address token_, address admin) returns()
func (payouts *Payouts) PackConstructor(token_ common.Address, admin common.Address) []byte {
	enc, err := payouts.abi.Pack("", token_, admin)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (payouts *Payouts) PackDEFAULTADMINROLE() []byte {
	enc, err := payouts.abi.Pack("DEFAULT_ADMIN_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (payouts *Payouts) TryPackDEFAULTADMINROLE() ([]byte, error) {
	return payouts.abi.Pack("DEFAULT_ADMIN_ROLE")
}

// UnpackDEFAULTADMINROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa217fddf.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (payouts *Payouts) UnpackDEFAULTADMINROLE(data []byte) ([32]byte, error) {
	out, err := payouts.abi.Unpack("DEFAULT_ADMIN_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackGUARDIANROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x24ea54f4.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function GUARDIAN_ROLE() view returns(bytes32)
func (payouts *Payouts) PackGUARDIANROLE() []byte {
	enc, err := payouts.abi.Pack("GUARDIAN_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGUARDIANROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x24ea54f4.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function GUARDIAN_ROLE() view returns(bytes32)
func (payouts *Payouts) TryPackGUARDIANROLE() ([]byte, error) {
	return payouts.abi.Pack("GUARDIAN_ROLE")
}

// UnpackGUARDIANROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x24ea54f4.
//
// Solidity: function GUARDIAN_ROLE() view returns(bytes32)
func (payouts *Payouts) UnpackGUARDIANROLE(data []byte) ([32]byte, error) {
	out, err := payouts.abi.Unpack("GUARDIAN_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackOPERATORROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf5b541a6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function OPERATOR_ROLE() view returns(bytes32)
func (payouts *Payouts) PackOPERATORROLE() []byte {
	enc, err := payouts.abi.Pack("OPERATOR_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackOPERATORROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf5b541a6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function OPERATOR_ROLE() view returns(bytes32)
func (payouts *Payouts) TryPackOPERATORROLE() ([]byte, error) {
	return payouts.abi.Pack("OPERATOR_ROLE")
}

// UnpackOPERATORROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xf5b541a6.
//
// Solidity: function OPERATOR_ROLE() view returns(bytes32)
func (payouts *Payouts) UnpackOPERATORROLE(data []byte) ([32]byte, error) {
	out, err := payouts.abi.Unpack("OPERATOR_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackClaim is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3d13f874.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function claim(address account, uint256 cumulative, bytes32[] proof) returns(uint256 amount)
func (payouts *Payouts) PackClaim(account common.Address, cumulative *big.Int, proof [][32]byte) []byte {
	enc, err := payouts.abi.Pack("claim", account, cumulative, proof)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackClaim is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3d13f874.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function claim(address account, uint256 cumulative, bytes32[] proof) returns(uint256 amount)
func (payouts *Payouts) TryPackClaim(account common.Address, cumulative *big.Int, proof [][32]byte) ([]byte, error) {
	return payouts.abi.Pack("claim", account, cumulative, proof)
}

// UnpackClaim is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x3d13f874.
//
// Solidity: function claim(address account, uint256 cumulative, bytes32[] proof) returns(uint256 amount)
func (payouts *Payouts) UnpackClaim(data []byte) (*big.Int, error) {
	out, err := payouts.abi.Unpack("claim", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackClaimMany is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5210c364.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function claimMany((address,uint256,bytes32[])[] claims) returns(uint256 amount)
func (payouts *Payouts) PackClaimMany(claims []IPayoutsClaim) []byte {
	enc, err := payouts.abi.Pack("claimMany", claims)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackClaimMany is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5210c364.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function claimMany((address,uint256,bytes32[])[] claims) returns(uint256 amount)
func (payouts *Payouts) TryPackClaimMany(claims []IPayoutsClaim) ([]byte, error) {
	return payouts.abi.Pack("claimMany", claims)
}

// UnpackClaimMany is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x5210c364.
//
// Solidity: function claimMany((address,uint256,bytes32[])[] claims) returns(uint256 amount)
func (payouts *Payouts) UnpackClaimMany(data []byte) (*big.Int, error) {
	out, err := payouts.abi.Unpack("claimMany", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (payouts *Payouts) PackGetRoleAdmin(role [32]byte) []byte {
	enc, err := payouts.abi.Pack("getRoleAdmin", role)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (payouts *Payouts) TryPackGetRoleAdmin(role [32]byte) ([]byte, error) {
	return payouts.abi.Pack("getRoleAdmin", role)
}

// UnpackGetRoleAdmin is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x248a9ca3.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (payouts *Payouts) UnpackGetRoleAdmin(data []byte) ([32]byte, error) {
	out, err := payouts.abi.Unpack("getRoleAdmin", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (payouts *Payouts) PackGrantRole(role [32]byte, account common.Address) []byte {
	enc, err := payouts.abi.Pack("grantRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (payouts *Payouts) TryPackGrantRole(role [32]byte, account common.Address) ([]byte, error) {
	return payouts.abi.Pack("grantRole", role, account)
}

// PackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (payouts *Payouts) PackHasRole(role [32]byte, account common.Address) []byte {
	enc, err := payouts.abi.Pack("hasRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (payouts *Payouts) TryPackHasRole(role [32]byte, account common.Address) ([]byte, error) {
	return payouts.abi.Pack("hasRole", role, account)
}

// UnpackHasRole is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x91d14854.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (payouts *Payouts) UnpackHasRole(data []byte) (bool, error) {
	out, err := payouts.abi.Unpack("hasRole", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackLast is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x47799da8.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function last() view returns((uint64,uint64,bytes32,uint256))
func (payouts *Payouts) PackLast() []byte {
	enc, err := payouts.abi.Pack("last")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackLast is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x47799da8.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function last() view returns((uint64,uint64,bytes32,uint256))
func (payouts *Payouts) TryPackLast() ([]byte, error) {
	return payouts.abi.Pack("last")
}

// UnpackLast is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x47799da8.
//
// Solidity: function last() view returns((uint64,uint64,bytes32,uint256))
func (payouts *Payouts) UnpackLast(data []byte) (IPayoutsSettlement, error) {
	out, err := payouts.abi.Unpack("last", data)
	if err != nil {
		return *new(IPayoutsSettlement), err
	}
	out0 := *abi.ConvertType(out[0], new(IPayoutsSettlement)).(*IPayoutsSettlement)
	return out0, nil
}

// PackPaid is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa340cf79.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function paid(address account) view returns(uint256)
func (payouts *Payouts) PackPaid(account common.Address) []byte {
	enc, err := payouts.abi.Pack("paid", account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPaid is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa340cf79.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function paid(address account) view returns(uint256)
func (payouts *Payouts) TryPackPaid(account common.Address) ([]byte, error) {
	return payouts.abi.Pack("paid", account)
}

// UnpackPaid is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa340cf79.
//
// Solidity: function paid(address account) view returns(uint256)
func (payouts *Payouts) UnpackPaid(data []byte) (*big.Int, error) {
	out, err := payouts.abi.Unpack("paid", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackPaidAt is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0f6639e5.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function paidAt(address account) view returns(uint64)
func (payouts *Payouts) PackPaidAt(account common.Address) []byte {
	enc, err := payouts.abi.Pack("paidAt", account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPaidAt is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0f6639e5.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function paidAt(address account) view returns(uint64)
func (payouts *Payouts) TryPackPaidAt(account common.Address) ([]byte, error) {
	return payouts.abi.Pack("paidAt", account)
}

// UnpackPaidAt is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x0f6639e5.
//
// Solidity: function paidAt(address account) view returns(uint64)
func (payouts *Payouts) UnpackPaidAt(data []byte) (uint64, error) {
	out, err := payouts.abi.Unpack("paidAt", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackPause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8456cb59.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function pause() returns()
func (payouts *Payouts) PackPause() []byte {
	enc, err := payouts.abi.Pack("pause")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8456cb59.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function pause() returns()
func (payouts *Payouts) TryPackPause() ([]byte, error) {
	return payouts.abi.Pack("pause")
}

// PackPaused is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5c975abb.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function paused() view returns(bool)
func (payouts *Payouts) PackPaused() []byte {
	enc, err := payouts.abi.Pack("paused")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPaused is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5c975abb.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function paused() view returns(bool)
func (payouts *Payouts) TryPackPaused() ([]byte, error) {
	return payouts.abi.Pack("paused")
}

// UnpackPaused is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x5c975abb.
//
// Solidity: function paused() view returns(bool)
func (payouts *Payouts) UnpackPaused(data []byte) (bool, error) {
	out, err := payouts.abi.Unpack("paused", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackPost is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xbac06bb0.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function post(uint64 epoch, bytes32 root, uint256 total) returns()
func (payouts *Payouts) PackPost(epoch uint64, root [32]byte, total *big.Int) []byte {
	enc, err := payouts.abi.Pack("post", epoch, root, total)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPost is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xbac06bb0.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function post(uint64 epoch, bytes32 root, uint256 total) returns()
func (payouts *Payouts) TryPackPost(epoch uint64, root [32]byte, total *big.Int) ([]byte, error) {
	return payouts.abi.Pack("post", epoch, root, total)
}

// PackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function renounceRole(bytes32 role, address callerConfirmation) returns()
func (payouts *Payouts) PackRenounceRole(role [32]byte, callerConfirmation common.Address) []byte {
	enc, err := payouts.abi.Pack("renounceRole", role, callerConfirmation)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function renounceRole(bytes32 role, address callerConfirmation) returns()
func (payouts *Payouts) TryPackRenounceRole(role [32]byte, callerConfirmation common.Address) ([]byte, error) {
	return payouts.abi.Pack("renounceRole", role, callerConfirmation)
}

// PackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (payouts *Payouts) PackRevokeRole(role [32]byte, account common.Address) []byte {
	enc, err := payouts.abi.Pack("revokeRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (payouts *Payouts) TryPackRevokeRole(role [32]byte, account common.Address) ([]byte, error) {
	return payouts.abi.Pack("revokeRole", role, account)
}

// PackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (payouts *Payouts) PackSupportsInterface(interfaceId [4]byte) []byte {
	enc, err := payouts.abi.Pack("supportsInterface", interfaceId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (payouts *Payouts) TryPackSupportsInterface(interfaceId [4]byte) ([]byte, error) {
	return payouts.abi.Pack("supportsInterface", interfaceId)
}

// UnpackSupportsInterface is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x01ffc9a7.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (payouts *Payouts) UnpackSupportsInterface(data []byte) (bool, error) {
	out, err := payouts.abi.Unpack("supportsInterface", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackToken is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfc0c546a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function token() view returns(address)
func (payouts *Payouts) PackToken() []byte {
	enc, err := payouts.abi.Pack("token")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackToken is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfc0c546a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function token() view returns(address)
func (payouts *Payouts) TryPackToken() ([]byte, error) {
	return payouts.abi.Pack("token")
}

// UnpackToken is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xfc0c546a.
//
// Solidity: function token() view returns(address)
func (payouts *Payouts) UnpackToken(data []byte) (common.Address, error) {
	out, err := payouts.abi.Unpack("token", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackTotalPaid is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe7b0f666.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function totalPaid() view returns(uint256)
func (payouts *Payouts) PackTotalPaid() []byte {
	enc, err := payouts.abi.Pack("totalPaid")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTotalPaid is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe7b0f666.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function totalPaid() view returns(uint256)
func (payouts *Payouts) TryPackTotalPaid() ([]byte, error) {
	return payouts.abi.Pack("totalPaid")
}

// UnpackTotalPaid is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe7b0f666.
//
// Solidity: function totalPaid() view returns(uint256)
func (payouts *Payouts) UnpackTotalPaid(data []byte) (*big.Int, error) {
	out, err := payouts.abi.Unpack("totalPaid", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackUnpause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3f4ba83a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function unpause() returns()
func (payouts *Payouts) PackUnpause() []byte {
	enc, err := payouts.abi.Pack("unpause")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackUnpause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3f4ba83a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function unpause() returns()
func (payouts *Payouts) TryPackUnpause() ([]byte, error) {
	return payouts.abi.Pack("unpause")
}

// PayoutsClaimed represents a Claimed event raised by the Payouts contract.
type PayoutsClaimed struct {
	Account    common.Address
	Amount     *big.Int
	Cumulative *big.Int
	Raw        *types.Log // Blockchain specific contextual infos
}

const PayoutsClaimedEventName = "Claimed"

// ContractEventName returns the user-defined event name.
func (PayoutsClaimed) ContractEventName() string {
	return PayoutsClaimedEventName
}

// UnpackClaimedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Claimed(address indexed account, uint256 amount, uint256 cumulative)
func (payouts *Payouts) UnpackClaimedEvent(log *types.Log) (*PayoutsClaimed, error) {
	event := "Claimed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != payouts.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(PayoutsClaimed)
	if len(log.Data) > 0 {
		if err := payouts.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range payouts.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// PayoutsPaused represents a Paused event raised by the Payouts contract.
type PayoutsPaused struct {
	Account common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const PayoutsPausedEventName = "Paused"

// ContractEventName returns the user-defined event name.
func (PayoutsPaused) ContractEventName() string {
	return PayoutsPausedEventName
}

// UnpackPausedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Paused(address account)
func (payouts *Payouts) UnpackPausedEvent(log *types.Log) (*PayoutsPaused, error) {
	event := "Paused"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != payouts.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(PayoutsPaused)
	if len(log.Data) > 0 {
		if err := payouts.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range payouts.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// PayoutsRoleAdminChanged represents a RoleAdminChanged event raised by the Payouts contract.
type PayoutsRoleAdminChanged struct {
	Role              [32]byte
	PreviousAdminRole [32]byte
	NewAdminRole      [32]byte
	Raw               *types.Log // Blockchain specific contextual infos
}

const PayoutsRoleAdminChangedEventName = "RoleAdminChanged"

// ContractEventName returns the user-defined event name.
func (PayoutsRoleAdminChanged) ContractEventName() string {
	return PayoutsRoleAdminChangedEventName
}

// UnpackRoleAdminChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)
func (payouts *Payouts) UnpackRoleAdminChangedEvent(log *types.Log) (*PayoutsRoleAdminChanged, error) {
	event := "RoleAdminChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != payouts.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(PayoutsRoleAdminChanged)
	if len(log.Data) > 0 {
		if err := payouts.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range payouts.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// PayoutsRoleGranted represents a RoleGranted event raised by the Payouts contract.
type PayoutsRoleGranted struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const PayoutsRoleGrantedEventName = "RoleGranted"

// ContractEventName returns the user-defined event name.
func (PayoutsRoleGranted) ContractEventName() string {
	return PayoutsRoleGrantedEventName
}

// UnpackRoleGrantedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)
func (payouts *Payouts) UnpackRoleGrantedEvent(log *types.Log) (*PayoutsRoleGranted, error) {
	event := "RoleGranted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != payouts.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(PayoutsRoleGranted)
	if len(log.Data) > 0 {
		if err := payouts.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range payouts.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// PayoutsRoleRevoked represents a RoleRevoked event raised by the Payouts contract.
type PayoutsRoleRevoked struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const PayoutsRoleRevokedEventName = "RoleRevoked"

// ContractEventName returns the user-defined event name.
func (PayoutsRoleRevoked) ContractEventName() string {
	return PayoutsRoleRevokedEventName
}

// UnpackRoleRevokedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)
func (payouts *Payouts) UnpackRoleRevokedEvent(log *types.Log) (*PayoutsRoleRevoked, error) {
	event := "RoleRevoked"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != payouts.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(PayoutsRoleRevoked)
	if len(log.Data) > 0 {
		if err := payouts.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range payouts.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// PayoutsRootPosted represents a RootPosted event raised by the Payouts contract.
type PayoutsRootPosted struct {
	Epoch uint64
	Root  [32]byte
	Total *big.Int
	Raw   *types.Log // Blockchain specific contextual infos
}

const PayoutsRootPostedEventName = "RootPosted"

// ContractEventName returns the user-defined event name.
func (PayoutsRootPosted) ContractEventName() string {
	return PayoutsRootPostedEventName
}

// UnpackRootPostedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RootPosted(uint64 indexed epoch, bytes32 root, uint256 total)
func (payouts *Payouts) UnpackRootPostedEvent(log *types.Log) (*PayoutsRootPosted, error) {
	event := "RootPosted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != payouts.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(PayoutsRootPosted)
	if len(log.Data) > 0 {
		if err := payouts.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range payouts.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// PayoutsUnpaused represents a Unpaused event raised by the Payouts contract.
type PayoutsUnpaused struct {
	Account common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const PayoutsUnpausedEventName = "Unpaused"

// ContractEventName returns the user-defined event name.
func (PayoutsUnpaused) ContractEventName() string {
	return PayoutsUnpausedEventName
}

// UnpackUnpausedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Unpaused(address account)
func (payouts *Payouts) UnpackUnpausedEvent(log *types.Log) (*PayoutsUnpaused, error) {
	event := "Unpaused"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != payouts.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(PayoutsUnpaused)
	if len(log.Data) > 0 {
		if err := payouts.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range payouts.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// UnpackError attempts to decode the provided error data using user-defined
// error definitions.
func (payouts *Payouts) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], payouts.abi.Errors["AccessControlBadConfirmation"].ID.Bytes()[:4]) {
		return payouts.UnpackAccessControlBadConfirmationError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["AccessControlUnauthorizedAccount"].ID.Bytes()[:4]) {
		return payouts.UnpackAccessControlUnauthorizedAccountError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["ClaimExceedsTotal"].ID.Bytes()[:4]) {
		return payouts.UnpackClaimExceedsTotalError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["EnforcedPause"].ID.Bytes()[:4]) {
		return payouts.UnpackEnforcedPauseError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["ExpectedPause"].ID.Bytes()[:4]) {
		return payouts.UnpackExpectedPauseError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["InvalidProof"].ID.Bytes()[:4]) {
		return payouts.UnpackInvalidProofError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["ReentrancyGuardReentrantCall"].ID.Bytes()[:4]) {
		return payouts.UnpackReentrancyGuardReentrantCallError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["SafeCastOverflowedUintDowncast"].ID.Bytes()[:4]) {
		return payouts.UnpackSafeCastOverflowedUintDowncastError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["SafeERC20FailedOperation"].ID.Bytes()[:4]) {
		return payouts.UnpackSafeERC20FailedOperationError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["StaleEpoch"].ID.Bytes()[:4]) {
		return payouts.UnpackStaleEpochError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["TotalDecreased"].ID.Bytes()[:4]) {
		return payouts.UnpackTotalDecreasedError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["TotalExceedsReceived"].ID.Bytes()[:4]) {
		return payouts.UnpackTotalExceedsReceivedError(raw[4:])
	}
	if bytes.Equal(raw[:4], payouts.abi.Errors["ZeroValue"].ID.Bytes()[:4]) {
		return payouts.UnpackZeroValueError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// PayoutsAccessControlBadConfirmation represents a AccessControlBadConfirmation error raised by the Payouts contract.
type PayoutsAccessControlBadConfirmation struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlBadConfirmation()
func PayoutsAccessControlBadConfirmationErrorID() common.Hash {
	return common.HexToHash("0x6697b23232a647058342c0724fe7c415cab25915b54e5dbc03f233173d37b41c")
}

// UnpackAccessControlBadConfirmationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlBadConfirmation()
func (payouts *Payouts) UnpackAccessControlBadConfirmationError(raw []byte) (*PayoutsAccessControlBadConfirmation, error) {
	out := new(PayoutsAccessControlBadConfirmation)
	if err := payouts.abi.UnpackIntoInterface(out, "AccessControlBadConfirmation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsAccessControlUnauthorizedAccount represents a AccessControlUnauthorizedAccount error raised by the Payouts contract.
type PayoutsAccessControlUnauthorizedAccount struct {
	Account    common.Address
	NeededRole [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func PayoutsAccessControlUnauthorizedAccountErrorID() common.Hash {
	return common.HexToHash("0xe2517d3fbfae6f8515ef5ff1ccedc3933ab0cbbda0b492c06eb54ad10ef03b3e")
}

// UnpackAccessControlUnauthorizedAccountError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func (payouts *Payouts) UnpackAccessControlUnauthorizedAccountError(raw []byte) (*PayoutsAccessControlUnauthorizedAccount, error) {
	out := new(PayoutsAccessControlUnauthorizedAccount)
	if err := payouts.abi.UnpackIntoInterface(out, "AccessControlUnauthorizedAccount", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsClaimExceedsTotal represents a ClaimExceedsTotal error raised by the Payouts contract.
type PayoutsClaimExceedsTotal struct {
	Paid  *big.Int
	Total *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ClaimExceedsTotal(uint256 paid, uint256 total)
func PayoutsClaimExceedsTotalErrorID() common.Hash {
	return common.HexToHash("0xaf321b8190c6dc5bad922f07ae0fa52a8e7ca1bff9d0a7fa23cb68c2c420bbab")
}

// UnpackClaimExceedsTotalError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ClaimExceedsTotal(uint256 paid, uint256 total)
func (payouts *Payouts) UnpackClaimExceedsTotalError(raw []byte) (*PayoutsClaimExceedsTotal, error) {
	out := new(PayoutsClaimExceedsTotal)
	if err := payouts.abi.UnpackIntoInterface(out, "ClaimExceedsTotal", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsEnforcedPause represents a EnforcedPause error raised by the Payouts contract.
type PayoutsEnforcedPause struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error EnforcedPause()
func PayoutsEnforcedPauseErrorID() common.Hash {
	return common.HexToHash("0xd93c0665d6c96d04a8f174024fc4ddd66c250604aff22bbec808de86dd3637e3")
}

// UnpackEnforcedPauseError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error EnforcedPause()
func (payouts *Payouts) UnpackEnforcedPauseError(raw []byte) (*PayoutsEnforcedPause, error) {
	out := new(PayoutsEnforcedPause)
	if err := payouts.abi.UnpackIntoInterface(out, "EnforcedPause", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsExpectedPause represents a ExpectedPause error raised by the Payouts contract.
type PayoutsExpectedPause struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ExpectedPause()
func PayoutsExpectedPauseErrorID() common.Hash {
	return common.HexToHash("0x8dfc202bcfe9a735b559bee70674422512bc5c30f687046ae8778315fb81da44")
}

// UnpackExpectedPauseError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ExpectedPause()
func (payouts *Payouts) UnpackExpectedPauseError(raw []byte) (*PayoutsExpectedPause, error) {
	out := new(PayoutsExpectedPause)
	if err := payouts.abi.UnpackIntoInterface(out, "ExpectedPause", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsInvalidProof represents a InvalidProof error raised by the Payouts contract.
type PayoutsInvalidProof struct {
	Account    common.Address
	Cumulative *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidProof(address account, uint256 cumulative)
func PayoutsInvalidProofErrorID() common.Hash {
	return common.HexToHash("0xadbd6512b8ce16af463deab8b932072db98b797407959df0bc4b06f2b77e80f5")
}

// UnpackInvalidProofError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidProof(address account, uint256 cumulative)
func (payouts *Payouts) UnpackInvalidProofError(raw []byte) (*PayoutsInvalidProof, error) {
	out := new(PayoutsInvalidProof)
	if err := payouts.abi.UnpackIntoInterface(out, "InvalidProof", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsReentrancyGuardReentrantCall represents a ReentrancyGuardReentrantCall error raised by the Payouts contract.
type PayoutsReentrancyGuardReentrantCall struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ReentrancyGuardReentrantCall()
func PayoutsReentrancyGuardReentrantCallErrorID() common.Hash {
	return common.HexToHash("0x3ee5aeb571de7fc460830b4d0017439a1ca56fb0bc39062227ade4fe4a24c1ca")
}

// UnpackReentrancyGuardReentrantCallError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ReentrancyGuardReentrantCall()
func (payouts *Payouts) UnpackReentrancyGuardReentrantCallError(raw []byte) (*PayoutsReentrancyGuardReentrantCall, error) {
	out := new(PayoutsReentrancyGuardReentrantCall)
	if err := payouts.abi.UnpackIntoInterface(out, "ReentrancyGuardReentrantCall", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsSafeCastOverflowedUintDowncast represents a SafeCastOverflowedUintDowncast error raised by the Payouts contract.
type PayoutsSafeCastOverflowedUintDowncast struct {
	Bits  uint8
	Value *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func PayoutsSafeCastOverflowedUintDowncastErrorID() common.Hash {
	return common.HexToHash("0x6dfcc6503a32754ce7a89698e18201fc5294fd4aad43edefee786f88423b1a12")
}

// UnpackSafeCastOverflowedUintDowncastError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func (payouts *Payouts) UnpackSafeCastOverflowedUintDowncastError(raw []byte) (*PayoutsSafeCastOverflowedUintDowncast, error) {
	out := new(PayoutsSafeCastOverflowedUintDowncast)
	if err := payouts.abi.UnpackIntoInterface(out, "SafeCastOverflowedUintDowncast", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsSafeERC20FailedOperation represents a SafeERC20FailedOperation error raised by the Payouts contract.
type PayoutsSafeERC20FailedOperation struct {
	Token common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeERC20FailedOperation(address token)
func PayoutsSafeERC20FailedOperationErrorID() common.Hash {
	return common.HexToHash("0x5274afe73c98b4749fc91ffae6b7b574e7842cb2144a159e9377a5f20b32edf9")
}

// UnpackSafeERC20FailedOperationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeERC20FailedOperation(address token)
func (payouts *Payouts) UnpackSafeERC20FailedOperationError(raw []byte) (*PayoutsSafeERC20FailedOperation, error) {
	out := new(PayoutsSafeERC20FailedOperation)
	if err := payouts.abi.UnpackIntoInterface(out, "SafeERC20FailedOperation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsStaleEpoch represents a StaleEpoch error raised by the Payouts contract.
type PayoutsStaleEpoch struct {
	Epoch uint64
	Last  uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StaleEpoch(uint64 epoch, uint64 last)
func PayoutsStaleEpochErrorID() common.Hash {
	return common.HexToHash("0xce85c4225d2813b50103ed0229b2e59cbf35056a7daf864f295bf12a9886a9c5")
}

// UnpackStaleEpochError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StaleEpoch(uint64 epoch, uint64 last)
func (payouts *Payouts) UnpackStaleEpochError(raw []byte) (*PayoutsStaleEpoch, error) {
	out := new(PayoutsStaleEpoch)
	if err := payouts.abi.UnpackIntoInterface(out, "StaleEpoch", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsTotalDecreased represents a TotalDecreased error raised by the Payouts contract.
type PayoutsTotalDecreased struct {
	Total *big.Int
	Last  *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TotalDecreased(uint256 total, uint256 last)
func PayoutsTotalDecreasedErrorID() common.Hash {
	return common.HexToHash("0x70c7508d0bf9fb89a9919ad15785e5f17f58e95b5776aaa7b3c778bed943d492")
}

// UnpackTotalDecreasedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TotalDecreased(uint256 total, uint256 last)
func (payouts *Payouts) UnpackTotalDecreasedError(raw []byte) (*PayoutsTotalDecreased, error) {
	out := new(PayoutsTotalDecreased)
	if err := payouts.abi.UnpackIntoInterface(out, "TotalDecreased", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsTotalExceedsReceived represents a TotalExceedsReceived error raised by the Payouts contract.
type PayoutsTotalExceedsReceived struct {
	Total    *big.Int
	Received *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TotalExceedsReceived(uint256 total, uint256 received)
func PayoutsTotalExceedsReceivedErrorID() common.Hash {
	return common.HexToHash("0x0aeaf145089a042da98241ebeac6fa4287b0ae3e87820c00f08927fe9f2c3905")
}

// UnpackTotalExceedsReceivedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TotalExceedsReceived(uint256 total, uint256 received)
func (payouts *Payouts) UnpackTotalExceedsReceivedError(raw []byte) (*PayoutsTotalExceedsReceived, error) {
	out := new(PayoutsTotalExceedsReceived)
	if err := payouts.abi.UnpackIntoInterface(out, "TotalExceedsReceived", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayoutsZeroValue represents a ZeroValue error raised by the Payouts contract.
type PayoutsZeroValue struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ZeroValue()
func PayoutsZeroValueErrorID() common.Hash {
	return common.HexToHash("0x7c946ed78134c23eac50c0c02964d68f22dd28448c070d39c9f8e8389b217469")
}

// UnpackZeroValueError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ZeroValue()
func (payouts *Payouts) UnpackZeroValueError(raw []byte) (*PayoutsZeroValue, error) {
	out := new(PayoutsZeroValue)
	if err := payouts.abi.UnpackIntoInterface(out, "ZeroValue", raw); err != nil {
		return nil, err
	}
	return out, nil
}
