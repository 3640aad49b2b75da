package reply

import "fmt"

// Wire is one column of spec reply-format §11: the releases of React whose
// clients and servers spell replies alike. A client and a server of different
// columns disagree without an error.
type Wire uint8

// The columns. Auto is none of them: a call of Next 14 (Options.Legacy) is
// read as Next14, every other one as any single column after it.
const (
	Auto      Wire = iota
	Next14         // Next.js 14.2.35 and its React 18.3 canary
	React190       // 19.0.0–19.2.1: `$F`, FormData parts `<n>_<field>`
	React192       // 19.2.2–19.2.5: `$h`
	React1926      // 19.2.6–19.2.8, 19.3.0: FormData parts `_<n>_<field>`
	Current        // 19.2.9, 19.3.1; Next.js 15.5.29, 16.4.6: stream rows `S<n>`
)

// wireNames are the words for the columns in the configuration.
var wireNames = [...]string{Auto: "auto", Next14: "next14", React190: "react19.0", React192: "react19.2.2", React1926: "react19.2.6", Current: "current"}

// ParseWire returns the column with this name: auto, next14, react19.0,
// react19.2.2, react19.2.6 or current.
func ParseWire(name string) (Wire, error) {
	for w, n := range wireNames {
		if n == name {
			return Wire(w), nil
		}
	}
	return Auto, fmt.Errorf("unknown wire %q: want one of %q", name, wireNames)
}

// String returns the name that [ParseWire] reads.
func (w Wire) String() string {
	if int(w) < len(wireNames) {
		return wireNames[w]
	}
	return "unknown"
}

// columns is a set of columns: those that everything read so far fits.
type columns uint8

const (
	inNext14 columns = 1 << Next14
	in190    columns = 1 << React190
	in192    columns = 1 << React192
	in1926   columns = 1 << React1926
	inNow    columns = 1 << Current

	since19   = in190 | in192 | in1926 | inNow
	since192  = in192 | in1926 | inNow
	since1926 = in1926 | inNow
	before    = inNext14 | in190 | in192 // before 19.2.6
)

// candidates is the set that a call starts with.
func (o *Options) candidates() columns {
	switch {
	case o.Wire != Auto:
		return 1 << o.Wire
	case o.Legacy:
		return inNext14
	}
	return since19
}

// newest is the column to write when several fit: what one of them reads, all
// of them read.
func (c columns) newest() Wire {
	for w := Current; w > Next14; w-- {
		if c&(1<<w) != 0 {
			return w
		}
	}
	return Next14
}
