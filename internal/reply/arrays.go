package reply

import (
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// arrayBudget is React's own budget against arrays that are referred to again
// and again (spec reply-format §9, CVE-2026-23864). An array that stands
// directly in an array shares its account; an object between them opens a new
// one. An array costs its length and one more, a text in it its UTF-16 length,
// and a reference in it the whole account of the array that it names.
type arrayBudget struct {
	limit    int
	accounts []account
	of       map[*value.Array]int // the account of each array
	parts    map[int]int          // the account of each part's root
	uses     []use
}

type account struct {
	count int
	// fork is set when an array of the account has two elements or more; React
	// lets all others grow without end.
	fork bool
}

// use is a reference that stands in an array of an account.
type use struct {
	account int
	r       *pending
}

// noAccount is the account of what does not stand in an array.
const noAccount = -1

// countArrays refuses what React's decoder refuses for the size of its arrays.
// React counts as it reads; here all arrays are counted before all references,
// which differs for circles only. A text that is shorter than the budget and
// has no references cannot spend it. Next 14 has neither. It runs while
// references still stand where they were read.
func (p *parser) countArrays() *reject.Error {
	if p.old14() || len(p.refs) == 0 && textBytes(p.entries) <= p.o.Limits.ArraySlots {
		return nil
	}
	b := arrayBudget{limit: p.o.Limits.ArraySlots, of: map[*value.Array]int{}, parts: map[int]int{}}
	ok := true
	for id := range p.slots {
		s := &p.slots[id]
		if s.kind == kindStream {
			for _, row := range s.raw.(*value.Array).Items {
				ok = ok && b.visit(row, b.open())
			}
		} else if s.raw != nil {
			b.parts[id] = b.open()
			ok = ok && b.visit(s.raw, b.parts[id])
		}
	}
	for _, u := range b.uses {
		ok = ok && b.charge(u)
	}
	if !ok {
		return tooComplex("arrays that are too long or referred to too often")
	}
	return nil
}

func (b *arrayBudget) open() int {
	b.accounts = append(b.accounts, account{})
	return len(b.accounts) - 1
}

// bump adds to an account and reports whether it is within the budget.
func (b *arrayBudget) bump(at, n int) bool {
	if at == noAccount {
		return true
	}
	a := &b.accounts[at]
	a.count += n
	return a.count <= b.limit || !a.fork
}

// visit counts one value of an account and what stands in it. It recurses on
// the nesting of one JSON text, which Limits.Depth bounds.
func (b *arrayBudget) visit(v value.Value, at int) bool {
	switch v := v.(type) {
	case value.String:
		return b.bump(at, value.UnitLen(string(v)))
	case value.BigInt:
		return b.bump(at, len(v))
	case *value.Bytes:
		return b.bump(at, len(v.Data))
	case *pending:
		if at != noAccount {
			b.uses = append(b.uses, use{at, v})
		}
	case *value.Array:
		if at == noAccount {
			at = b.open()
		}
		b.of[v] = at
		b.accounts[at].fork = b.accounts[at].fork || len(v.Items) > 1
		ok := b.bump(at, len(v.Items)+1)
		for _, item := range v.Items {
			ok = ok && b.visit(item, at)
		}
		return ok
	case *value.Object:
		for i := range v.Members {
			if !b.visit(v.Members[i].Value, noAccount) {
				return false
			}
		}
	}
	return true
}

// charge adds what a reference names to the account that it stands in.
func (b *arrayBudget) charge(u use) bool {
	if bytes, ok := u.r.Value.(*value.Bytes); ok {
		return b.bump(u.account, len(bytes.Data))
	}
	from, ok := 0, false
	if array, isArray := u.r.Value.(*value.Array); isArray {
		from, ok = b.of[array]
	} else if u.r.path == "" {
		from, ok = b.parts[u.r.id]
	}
	if !ok {
		return true
	}
	named := b.accounts[from]
	b.accounts[u.account].fork = b.accounts[u.account].fork || named.fork
	return b.bump(u.account, named.count)
}
