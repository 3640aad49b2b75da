package closure

import "github.com/actiongw/actiongw/internal/reject"

// Stage is the step of the gate that this package is.
const Stage = reject.StageClosure

// The reasons for which a closure of Next's layout is refused.
const (
	Malformed      = reject.ClosureMalformed
	KeyUnknown     = reject.ClosureKeyUnknown
	KeyDisabled    = reject.ClosureKeyDisabled
	ActionMismatch = reject.ClosureActionMismatch
	NotCanonical   = reject.ClosureNotCanonical
	Misplaced      = reject.ClosureMisplaced
	TriesExceeded  = reject.ClosureTriesExceeded
	Missing        = reject.ClosureMissing
)

// The reasons for which a closure of our own layout is refused. The gate takes
// none yet, so they are not in the list of package reject; the commands that
// open one print them.
const (
	// Altered: a closure of our own layout that names a key which is here and
	// is not what that key sealed: altered, or sealed for an action or audience
	// that the gate does not know of.
	Altered reject.Reason = "closure_altered"
	// Expired: a closure of our own layout, behind its time.
	Expired reject.Reason = "closure_expired"
	// AudienceMismatch: a closure of our own layout, of another site.
	AudienceMismatch reject.Reason = "closure_audience_mismatch"
	// BindingMismatch: a closure of our own layout that is bound to a cookie,
	// and the cookie is missing, comes twice, or has another value.
	BindingMismatch reject.Reason = "closure_binding_mismatch"
)

// refuse makes the refusal for a reason. detail is of our own words.
func refuse(reason reject.Reason, detail string) *reject.Error {
	return reject.New(reason, Stage, detail)
}
