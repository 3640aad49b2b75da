package jsonform

import (
	"math"
	"slices"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// Walk writes values to a sink. It is for one goroutine.
type Walk struct {
	To Sink
	// Limit is the largest size of the sink that passes.
	Limit int64
	// NameOf gives the name of a server function; nil means that there are none.
	NameOf func(id string) string
	// BaseNames cuts the folders off the names of files.
	BaseNames bool

	depth int
	// above holds the objects that contain the present one. Their number is at
	// most MaxDepth, so a look through them is cheap.
	above []value.Value
}

// List writes values as one array. Levels are counted within it.
//
// Refused are more values than Limit allows, cycles, more than 100 levels, keys
// named `__proto__`, which many languages' readers trip over, keys that are
// one and the same as UTF-8, and what no client can send: symbols, React
// elements, errors. So is a stream that failed: half of it must not pass for
// the whole.
func (w *Walk) List(items []value.Value) *reject.Error {
	w.To.Open('[')
	for _, item := range items {
		if err := w.value(item); err != nil {
			return err
		}
	}
	w.To.Close()
	return w.Check()
}

// Check refuses what has become larger than Limit.
func (w *Walk) Check() *reject.Error {
	if w.To.Len() > w.Limit {
		return refuse("the values are too large once shared values are written out")
	}
	return nil
}

func refuse(detail string) *reject.Error {
	return reject.New(reject.ArgumentNotAllowed, reject.StagePolicy, detail)
}

// enter goes one level down; depth-- comes up again.
func (w *Walk) enter() *reject.Error {
	if w.depth == MaxDepth {
		return refuse("the values nest deeper than 100 levels")
	}
	w.depth++
	return nil
}

func (w *Walk) open(bracket byte) *reject.Error {
	if err := w.enter(); err != nil {
		return err
	}
	w.To.Open(bracket)
	return w.Check()
}

func (w *Walk) close() {
	w.depth--
	w.To.Close()
}

func (w *Walk) value(v value.Value) *reject.Error {
	if w.primitive(v) {
		return w.Check()
	}
	if slices.Contains(w.above, v) {
		return refuse("a value contains itself")
	}
	w.above = append(w.above, v)
	err := w.container(v)
	w.above = w.above[:len(w.above)-1]
	return err
}

// primitive writes what holds no other value, and reports false for the rest.
func (w *Walk) primitive(v value.Value) bool {
	switch v := v.(type) {
	case nil, value.Undefined:
		w.null("undefined")
	case value.Null:
		w.To.Null()
	case *value.TemporaryReference:
		w.null("TemporaryReference")
	case value.Bool:
		w.To.Bool(bool(v))
	case value.Number:
		w.number(float64(v))
	case value.String:
		w.To.Text(Scalars(string(v)))
	case value.BigInt:
		w.To.Kind("BigInt")
		w.To.Text(string(v))
	case *value.Date:
		if v.ISO == "" {
			w.null("Date")
			break
		}
		w.To.Kind("Date")
		w.To.Text(v.ISO)
	case *value.Bytes:
		w.To.Kind(v.Kind)
		w.To.Bytes(v.Data)
	default:
		return false
	}
	return true
}

func (w *Walk) null(kind string) {
	w.To.Kind(kind)
	w.To.Null()
}

func (w *Walk) number(f float64) {
	switch {
	case math.IsNaN(f):
		w.null("NaN")
	case math.IsInf(f, 1):
		w.null("Infinity")
	case math.IsInf(f, -1):
		w.null("-Infinity")
	case f == 0 && math.Signbit(f):
		w.To.Kind("-0")
		w.To.Number(0)
	default:
		w.To.Number(f)
	}
}
