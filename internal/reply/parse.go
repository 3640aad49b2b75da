package reply

import (
	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// kind is what a tag says that an id is. Every id has one (I4).
type kind uint8

const (
	unopened kind = iota
	kindRoot
	kindMap
	kindSet
	kindIterator
	kindPromise
	kindLazy
	kindFunction
	kindForm
	kindBinary
	kindStream
)

// content is what an id stands for.
type content struct {
	// raw is the part's JSON text as values, in which paths are walked. Of a
	// stream it is the array of its rows.
	raw value.Value
	// made is what the tag became; raw fills it in the end.
	made value.Value
}

// place is where the tokens come from that are being read.
type place struct {
	id int
	// entry is the number of the part in the order of the body.
	entry int32
	// row is set in a row of a stream, whose values have no positions.
	row bool
}

// mention is a tag in a text: that the value in front of it leads to id.
type mention struct {
	id   int32
	edge edge
}

// edge tells when React's decoder follows a mention.
type edge uint8

const (
	contains edge = iota // at once: it opens the part
	refersTo             // at once: it needs the part
	later                // when somebody awaits the promise or reads the stream
	never                // below __proto__, which React deletes unread
)

// parser reads one reply.
type parser struct {
	o       Options
	cols    columns
	entries []formdata.Entry
	// again is set when a lean reader has met a reference.
	again bool
	// allParts is set for forms: the server has the whole body before it reads
	// any of it, so contents may follow their container.
	allParts bool

	next  []int32 // of entry i, the next part of the same id
	maxID int
	nodes int

	at       place
	refs     []*pending
	patches  []value.Value // arrays and objects that hold a pending
	bigIndex map[*value.Object]map[string]int
	live     []bool // the ids that React's decoder may read, nil when not known

	positionBytes int
	reencode      bool
	functions     []*value.ServerReference

	*Workspace
	value.Slabs
	promises value.Slab[value.Promise]
	first    *first
}

// first is memory for what most calls have, in one piece.
type first struct {
	reply   Reply
	arrays  [4]value.Array
	items   [8]value.Value
	promise [1]value.Promise
}

// newParser makes a parser. An ordinary call fits into the memory that it
// starts with.
func newParser(entries []formdata.Entry, o Options) *parser {
	if o.Workspace == nil {
		o.Workspace = NewWorkspace()
	}
	p := &o.Workspace.parser // all zeros, see clear
	p.o, p.cols, p.entries, p.Workspace, p.first = o, o.candidates(), entries, o.Workspace, &first{}
	p.Arrays.Begin(p.first.arrays[:])
	p.Items.Begin(p.first.items[:])
	p.promises.Begin(p.first.promise[:])
	p.slots = append(p.slots, slot{})
	// See slot: five bytes are the shortest tag.
	p.maxID = min(len(entries)+textBytes(entries)/5, o.Limits.Nodes)
	return p
}

// allow keeps the columns that fit what was just read. None left is a mixture.
func (p *parser) allow(c columns) *reject.Error {
	if p.cols &= c; p.cols == 0 {
		return wireMixed()
	}
	return nil
}

// old14 reports whether the reply is held to Next 14, which is never one of
// several candidates.
func (p *parser) old14() bool { return p.cols == inNext14 }

// count charges n values to the budget.
func (p *parser) count(n int) *reject.Error {
	if p.nodes += n; p.nodes > p.o.Limits.Nodes {
		return tooComplex("too many values")
	}
	return nil
}

// parse reads an argument list, again in full when a lean reader could not
// decide about it or when it is to be written again.
func parse(entries []formdata.Entry, o Options) (*Reply, *reject.Error) {
	// A long text may outgrow React's budget for arrays, see countArrays.
	if o.Lean && textBytes(entries) <= o.Limits.ArraySlots {
		p := newParser(entries, o)
		r, err := p.parse()
		undecided := p.again || p.reencode
		p.clear()
		if !undecided {
			return r, err
		}
	}
	o.Lean = false
	p := newParser(entries, o)
	defer p.clear()
	return p.parse()
}

// parse reads an argument list.
func (p *parser) parse() (*Reply, *reject.Error) {
	root, err := p.value()
	if err != nil {
		return nil, err
	}
	args, ok := root.(*value.Array)
	switch {
	case !ok && !p.o.AnyRoot:
		return nil, malformed("the root is not a list of arguments")
	case ok && len(args.Items) > maxArguments:
		return nil, argumentsExceeded()
	}
	return p.reply(root, args), nil
}

func (p *parser) reply(root value.Value, args *value.Array) *Reply {
	r := &p.first.reply
	*r = Reply{Args: args, Root: root, Refs: p.functions, Wire: p.cols.newest(), Reencode: p.reencode}
	return r
}

// value reads the whole reply and returns its root.
func (p *parser) value() (value.Value, *reject.Error) {
	if len(p.entries) > p.o.Limits.Parts {
		return nil, tooComplex("too many parts")
	}
	if err := p.index(); err != nil {
		return nil, err
	}
	root := &p.slots[0]
	if root.class == noPart || p.entries[root.first].File {
		return nil, malformed(`there is no text part "0"`)
	}
	root.kind = kindRoot
	for _, step := range [...]func() *reject.Error{p.readParts, p.allOpened, p.resolve, p.countArrays, p.patch, p.finish, p.compare} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p.slots[0].raw, nil
}

// readParts reads part 0 and everything that tags open from there. A bare
// reference opens what it names as a resolved lazy value when no other tag
// does; that is known when all else has been read.
func (p *parser) readParts() *reject.Error {
	p.queue = append(p.queue, 0)
	for lazies := 0; len(p.queue) > 0; {
		for i := 0; i < len(p.queue); i++ {
			if err := p.readID(int(p.queue[i])); err != nil {
				return err
			}
		}
		p.queue = p.queue[:0]
		for ; lazies < len(p.refs) && len(p.queue) == 0; lazies++ {
			if err := p.openLazy(p.refs[lazies]); err != nil {
				return err
			}
		}
	}
	return nil
}

// readID reads what stands under an id: a part, or the rows of a stream.
func (p *parser) readID(id int) *reject.Error {
	if p.slots[id].raw != nil {
		return nil // read as a lazy value before it turned out to be a promise's
	}
	from := int32(len(p.mentions))
	var raw value.Value
	var err *reject.Error
	if p.slots[id].kind == kindStream {
		raw, err = p.readRows(id)
	} else {
		p.at = place{id: id, entry: p.slots[id].first}
		raw, err = p.read(p.entries[p.at.entry].Value)
	}
	if err != nil {
		return err
	}
	s := &p.slots[id]
	s.raw, s.from, s.to = raw, from, int32(len(p.mentions))
	return nil
}

// allOpened holds that every part is reachable from part 0 and that ids have
// no gaps (I1, I7).
func (p *parser) allOpened() *reject.Error {
	for i := range p.slots {
		if p.slots[i].kind != unopened {
			continue
		}
		if p.slots[i].class != noPart {
			return malformed("a part that nothing refers to")
		}
		return malformed("an id was left out")
	}
	return nil
}
