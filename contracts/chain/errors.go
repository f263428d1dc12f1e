package chain

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/heliostat-render/heliostat/contracts/bindings"
)

// What callers branch on, by errors.Is. A *RevertError carries the figures.
var (
	ErrWrongChain    = errors.New("not the expected chain")
	ErrBadState      = errors.New("the chain's state file is damaged")
	ErrStolen        = errors.New("another process sends with this key now")
	ErrFeeTooHigh    = errors.New("gas costs more than allowed")
	ErrNoGasMoney    = errors.New("the account can't pay for gas")
	ErrNonceTaken    = errors.New("another transaction took this one's place")
	ErrReverted      = errors.New("the contract refused")
	ErrBadAmount     = errors.New("not an amount")
	ErrAlreadyFunded = errors.New("the job is funded already, with other terms")
	ErrUnknownJob    = errors.New("the job was never funded")
	ErrWrongState    = errors.New("the job's state doesn't allow it")
	ErrWrongSigner   = errors.New("the signature isn't the expected one")
	ErrExpired       = errors.New("the signed message has expired")
	ErrReplayed      = errors.New("the signed message was used before")
	ErrAllowance     = errors.New("the token doesn't let the contract take that much: the permit is void or for another amount")
	ErrBalance       = errors.New("too few tokens")
	ErrOverCeiling   = errors.New("more than the job was funded with")
	ErrOverPayable   = errors.New("more than the delivery costs")
	ErrBelowSpent    = errors.New("less than was moved already")
	ErrWindowOpen    = errors.New("the artist may still dispute it")
	ErrWindowClosed  = errors.New("the dispute window is over")
	ErrClaimOpen     = errors.New("a bad-result claim is open")
	ErrTooEarly      = errors.New("it is too early")
	ErrNotAllowed    = errors.New("the caller lacks the role")
	ErrPaused        = errors.New("the contract is paused")
	ErrBadProof      = errors.New("the proof doesn't lead to the newest root")
	ErrStaleEpoch    = errors.New("a newer epoch is settled")
	ErrBadTotal      = errors.New("the total doesn't fit what was received or settled")
	ErrUnknownNode   = errors.New("the node never registered")
	ErrNotEnough     = errors.New("there isn't that much")
	ErrBadValue      = errors.New("a value that the contract doesn't take")
)

// reasons maps the contracts' errors to ours.
var reasons = map[string]error{
	"AlreadyFunded": ErrAlreadyFunded, "WrongState": ErrWrongState, "WrongSigner": ErrWrongSigner, "Expired": ErrExpired,
	"StaleTopUp": ErrReplayed, "Replayed": ErrReplayed, "WrongNonce": ErrReplayed, "AlreadyDone": ErrReplayed,
	"WrongAmountReceived": ErrBadValue, "OverCeiling": ErrOverCeiling, "OverPayable": ErrOverPayable,
	"BelowSpent": ErrBelowSpent, "WrongDelivery": ErrBadValue, "TooManyDeliveries": ErrWrongState,
	"WindowOpen": ErrWindowOpen, "WindowClosed": ErrWindowClosed, "ClaimOpen": ErrClaimOpen, "NoClaim": ErrWrongState,
	"TooEarly": ErrTooEarly, "StillBonded": ErrTooEarly, "NotAllowed": ErrNotAllowed,
	"AccessControlUnauthorizedAccount": ErrNotAllowed, "WrongOwner": ErrNotAllowed, "EnforcedPause": ErrPaused,
	"InvalidProof": ErrBadProof, "StaleEpoch": ErrStaleEpoch, "TotalDecreased": ErrBadTotal,
	"TotalExceedsReceived": ErrBadTotal, "ClaimExceedsTotal": ErrBadTotal, "UnknownNode": ErrUnknownNode,
	"NotEnough": ErrNotEnough, "BadRoles": ErrBadValue, "ZeroValue": ErrBadValue,
	"ERC20InsufficientAllowance": ErrAllowance, "ERC20InsufficientBalance": ErrBalance,
}

var metadata = map[string]*bind.MetaData{
	"HelioToken": &bindings.HelioTokenMetaData, "Payouts": &bindings.PayoutsMetaData,
	"JobEscrow": &bindings.JobEscrowMetaData, "NodeRegistry": &bindings.NodeRegistryMetaData,
}

// RevertError is a contract's refusal.
type RevertError struct {
	Doing string // what was being done
	Name  string // of the Solidity error, "WindowOpen"
	Args  []any  // its arguments
	is    error
}

func (e *RevertError) Error() string {
	args := make([]string, len(e.Args))
	for i, a := range e.Args {
		switch a := a.(type) {
		case [32]byte:
			args[i] = hexutil.Encode(a[:])
		default:
			args[i] = fmt.Sprint(a)
		}
	}
	return fmt.Sprintf("%s: %v: %s(%s)", e.Doing, e.is, e.Name, strings.Join(args, ", "))
}

// Unwrap returns one of this package's Err values.
func (e *RevertError) Unwrap() error { return e.is }

// explain turns the error of a call or an estimate into a RevertError if a contract is behind it.
func (c *Chain) explain(doing string, err error) error {
	var withData rpc.DataError
	if !errors.As(err, &withData) {
		if strings.Contains(err.Error(), "insufficient funds") {
			return fmt.Errorf("%s: %w", doing, refusal(err, c.operator))
		}
		return fmt.Errorf("%s: %w", doing, err)
	}
	data := revertData(withData.ErrorData())
	if len(data) >= 4 {
		for _, contract := range c.abis {
			def, unknown := contract.ErrorByID([4]byte(data[:4]))
			if unknown != nil {
				continue
			}
			args, bad := def.Inputs.Unpack(data[4:])
			if bad != nil {
				continue
			}
			reason := reasons[def.Name]
			if reason == nil {
				reason = ErrReverted
			}
			return &RevertError{Doing: doing, Name: def.Name, Args: args, is: reason}
		}
		if text, bad := abi.UnpackRevert(data); bad == nil {
			return &RevertError{Doing: doing, Name: "Error", Args: []any{text}, is: ErrReverted}
		}
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrReverted, err)
}

// revertData understands what endpoints put beside an error: hex, with or without 0x, in a string.
func revertData(data any) []byte {
	text, ok := data.(string)
	if !ok || len(text) > 1<<16 {
		return nil
	}
	raw, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil {
		return nil
	}
	return raw
}
