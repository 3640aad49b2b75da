package manifest

import "github.com/actiongw/actiongw/internal/reject"

// Stage is the step of the gate that looks an action up.
const Stage = reject.StageAction

// ActionUnknown is the reason of this step.
const ActionUnknown = reject.ActionUnknown
