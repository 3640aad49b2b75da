package closure

import "github.com/actiongw/actiongw/internal/reject"

// Stage is the step of the gate that this package is.
const Stage = reject.StageClosure

// The reasons for which a closure is refused. The first group is for
// both layouts, the second for that of Next, the third for our own.
const (
	Malformed     = reject.ClosureMalformed
	KeyUnknown    = reject.ClosureKeyUnknown
	KeyDisabled   = reject.ClosureKeyDisabled
	Misplaced     = reject.ClosureMisplaced
	TriesExceeded = reject.ClosureTriesExceeded
	Missing       = reject.ClosureMissing

	ActionMismatch = reject.ClosureActionMismatch
	NotCanonical   = reject.ClosureNotCanonical

	Altered         = reject.ClosureAltered
	Expired         = reject.ClosureExpired
	BindingMismatch = reject.ClosureBindingMismatch
)

// refuse makes the refusal for a reason. detail is of our own words.
func refuse(reason reject.Reason, detail string) *reject.Error {
	return reject.New(reason, Stage, detail)
}
