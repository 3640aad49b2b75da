package policy

import "github.com/actiongw/actiongw/internal/reject"

// Stage is the step of the gate that applies the rules.
const Stage = reject.StagePolicy

// The reasons of this step. A call whose body is over its rule's limit is
// refused as [reject.BodyTooLarge], like any other.
const (
	ActionDenied          = reject.ActionDenied
	ClosureMissing        = reject.ClosureMissing
	ServerReferenceDenied = reject.ServerReferenceDenied
	ArgumentNotAllowed    = reject.ArgumentNotAllowed
)
