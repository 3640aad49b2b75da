package flight

import (
	"strconv"

	"github.com/actiongw/actiongw/internal/reject"
)

// The reasons for which a stream is refused.
const (
	Malformed  = reject.FlightMalformed
	TooComplex = reject.FlightTooComplex
	Failed     = reject.FlightFailed
)

// malformed refuses the stream in our own words, with the number of the row
// (counted from 1 as they stand in the stream; 0 for none in particular).
func malformed(row int, words string) *reject.Error { return refuse(Malformed, row, words) }

func refuse(reason reject.Reason, row int, words string) *reject.Error {
	if row > 0 {
		words = "row " + strconv.Itoa(row) + ": " + words
	}
	return reject.New(reason, reject.StageClosure, words)
}
