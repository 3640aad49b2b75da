package flight_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/vectors"
)

func TestParse(t *testing.T) {
	tests := []struct{ name, stream, want string }{
		{"a row may come after its reference", "0:[\"$1\"]\n1:{\"a\":1}\n", `[{"a":1}]`},
		{"two references to a row are one object", "0:[\"$1\",\"$1\"]\n1:{}\n", `[{},{"$type":"alias","path":[0]}]`},
		{"a path goes through a row that is a reference", "0:[\"$1:a\"]\n1:\"$2\"\n2:{\"a\":{}}\n", `[{}]`},
		{"a path goes through a reference on its way", "0:[{\"a\":\"$1\"},\"$0:0:a:b\"]\n1:{\"b\":[7]}\n", `[{"a":{"b":[7]}},{"$type":"alias","path":[0,"a","b"]}]`},
		{"a path goes through an element", "0:[[\"$\",\"p\",null,{\"x\":{}}],\"$0:0:props:x\"]\n", `[{"$type":"element","type":"p","key":null,"props":{"x":{}}},{"$type":"alias","path":[0,"props","x"]}]`},
		{"a path with an empty step", "0:[{\"\":{}},\"$0:0:\"]\n", `[{"":{}},{"$type":"alias","path":[0,""]}]`},
		{"a Map that holds itself", "1:[[\"k\",\"$0:0\"]]\n0:[\"$Q1\"]\n", `[{"$type":"map","entries":[["k",{"$type":"alias","path":[0]}]]}]`},
		{"a promise that fulfils with a failed row", "0:[\"$@1\"]\n1:\"$2\"\n2:E{\"digest\":\"d\"}\n", `[{"$type":"promise","error":{"$type":"error","digest":"d"}}]`},
		{"one pending promise in two places", "0:[\"$@9\",\"$@9\"]\n", `[{"$type":"promise"},{"$type":"alias","path":[0]}]`},
		{"a closure in a closure", "1:{\"id\":\"a\",\"bound\":\"$@2\"}\n0:[\"$h1\"]\n2:[\"$@3\"]\n3:\"c2VhbGVk\"\n",
			`[{"$type":"serverref","id":"a","bound":[{"$type":"promise","value":"c2VhbGVk"}]}]`},
		{"a lone surrogate stays", `0:["\ud800"]` + "\n", `["\ud800"]`},
		{"an escaped dollar sign is one", `0:["\u0024undefined"]` + "\n", `[{"$type":"undefined"}]`},
		{"a text row holds what looks like rows", "1:T7,0:[2]\n$0:[\"$1\"]\n", `["0:[2]\n$"]`},
		{"rows that nothing reaches are not looked at", "0:[1]\n5:[\"$Ex\"]\n", `[1]`},
		{"a module by its number", "1:I[7397,[\"917\",\"a.js\"],\"default\"]\n0:[\"$1\"]\n", `[{"$type":"clientref","id":"7397"}]`},
		{"a module described by an object", "1:I{\"id\":\"m\",\"chunks\":[]}\n0:[\"$1\"]\n", `[{"$type":"clientref","id":"m"}]`},
		{"a server reference under then is null", "0:[{\"then\":\"$1:0\"},\"$1\"]\n1:[\"$h2\"]\n2:{\"id\":\"a\",\"bound\":null}\n", `[{"then":null},[{"$type":"serverref","id":"a","bound":null}]]`},
		{"another value under then stays", "0:{\"then\":1}\n", `{"then":1}`},
		{"debug rows are skipped, references to code undefined", ":N1760000000000.5\n1:D\"$2\"\n2:{\"x\":\"$Ealert(1)\"}\n3:J{}\n:W[1]\n0:[\"$Ealert(1)\",{\"a\":\"$P1\"},\"$Y\"]\n", `[{"$type":"undefined"},{},{"$type":"undefined"}]`},
		{"an element of a development build", ":N1\n0:[[\"$\",\"p\",null,{},\"$5\",[],1]]\n", `[{"$type":"element","type":"p","key":null,"props":{}}]`},
		{"an Error of a development build", "0:[\"$Z1\"]\n1:{\"name\":\"E\",\"message\":\"m\"}\n", `[{"$type":"error"}]`},
		{"an empty row of a development build", ":N1\n0:[\"$@1\"]\n1:\n", `[{"$type":"promise"}]`},
		{"seventeen rows, found by a map", "0:[\"$1\",\"$11\"]\n1:{\"a\":1}\n" + rows(2, 16) + "11:{\"b\":2}\n", `[{"a":1},{"b":2}]`},
		{"an async iterable with a return value", "1:X\n0:[\"$1\"]\n1:\"$2\"\n1:C{\"r\":\"$2\"}\n2:{}\n", `[{"$type":"asynciterable","values":[{}],"return":{"r":{"$type":"alias","path":[0,"values",0]}}}]`},
	}
	for _, tt := range tests {
		v, err := flight.Parse([]byte(tt.stream), flight.Limits{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got, err := vectors.Tagged(v); got != tt.want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
}

// rows are rows with the ids from first to last, which nothing refers to.
func rows(first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		b.WriteString(strconv.FormatInt(int64(i), 16) + ":1\n")
	}
	return b.String()
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name, stream string
		why          reject.Reason
	}{
		{"nothing", "", flight.Malformed},
		{"a line without newline", "0:[1]", flight.Malformed},
		{"bytes after the last row", "0:[1]\nx", flight.Malformed},
		{"an id in upper case", "A:1\n0:[\"$a\"]\n", flight.Malformed},
		{"an id with a leading zero", "00:[1]\n", flight.Malformed},
		{"an id without a colon", "0;[1]\n", flight.Malformed},
		{"an id of nine digits", "0:[1]\n123456789:1\n", flight.Malformed},
		{"a model without id sets the root in React's client", ":[1]\n", flight.Malformed},
		{"a hint with an id", "0:[1]\n1:HL[]\n", flight.Malformed},
		{"no root", "1:[1]\n", flight.Malformed},
		{"an unknown row", "0:Q[1]\n", flight.Malformed},
		{"a postponed row", "0:[1]\n1:P\n", flight.Malformed},
		{"an empty row outside of development", "0:[\"$@1\"]\n1:\n", flight.Malformed},
		{"two rows of one id", "0:[1]\n1:1\n1:2\n", flight.Malformed},
		{"two text rows of one id", "1:T1,a1:T1,b0:[\"$1\"]\n", flight.Malformed},
		{"a length beyond the end", "0:[1]\n1:Tff,abc", flight.Malformed},
		{"a length in upper case", "0:[1]\n1:TA,0123456789", flight.Malformed},
		{"a length with a leading zero", "0:[1]\n1:T01,a", flight.Malformed},
		{"a length without comma", "0:[1]\n1:T1a", flight.Malformed},
		{"a length that cuts a character", "1:T1,é0:[\"$1\"]\n", flight.Malformed},
		{"a text row that is not UTF-8", "1:T1,\xff0:[\"$1\"]\n", flight.Malformed},
		{"an error row that is not UTF-8", "0:[\"$@1\"]\n1:E{\"a\":\"\xff\"}\n", flight.Malformed},
		{"a server reference that is an array", "1:[]\n0:[\"$h1\"]\n", flight.Malformed},
		{"numbers that do not fill their array", "1:S3,abc0:[\"$1\"]\n", flight.Malformed},
		{"bad JSON", "0:[1\n", flight.Malformed},
		{"more than one JSON text", "0:1 2\n", flight.Malformed},
		{"bytes that are not UTF-8", "0:[\"\xff\"]\n", flight.Malformed},
		{"a symbol that is not UTF-8", "0:[\"$S\xff\"]\n", flight.Malformed},
		{"a surrogate as raw bytes", "0:[\"\xed\xa0\x80\"]\n", flight.Malformed},
		{"two members of one name", `0:{"a":1,"\u0061":2}` + "\n", flight.Malformed},
		{"a number that is infinite", "0:[1e400]\n", flight.Malformed},
		{"an element marker alone", "0:[1,\"$\"]\n", flight.Malformed},
		{"an element marker as root", "0:\"$\"\n", flight.Malformed},
		{"an element without props", "0:[\"$\",\"p\",null]\n", flight.Malformed},
		{"an unknown tag", "0:[\"$q1\"]\n", flight.Malformed},
		{"a word with more after it", "0:[\"$undefined1\"]\n", flight.Malformed},
		{"a word that is cut", "0:[\"$u\"]\n", flight.Malformed},
		{"a tag of replies", "0:[\"$T0:1\"]\n", flight.Malformed},
		{"a server reference as React wrote it before 19.2.2", "0:[\"$F1\"]\n1:{\"id\":\"a\",\"bound\":null}\n", flight.Malformed},
		{"code outside of development", "0:[\"$Ealert(1)\"]\n", flight.Malformed},
		{"a date that is not exact", "0:[\"$D2024\"]\n", flight.Malformed},
		{"a BigInt in hexadecimal", "0:[\"$n0x1\"]\n", flight.Malformed},
		{"a reference to nothing", "0:[\"$1\"]\n", flight.Malformed},
		{"a Map of nothing", "0:[\"$Q1\"]\n", flight.Malformed},
		{"a lazy node of nothing", "0:[\"$L1\"]\n", flight.Malformed},
		{"a reference with a sign", "0:[\"$-1\"]\n1:1\n", flight.Malformed},
		{"a reference with a leading zero", "0:[\"$01\"]\n1:{}\n", flight.Malformed},
		{"a reference in upper case", "a:{}\n0:[\"$A\"]\n", flight.Malformed},
		{"a reference with a letter behind it", "0:[\"$1x\"]\n1:{\"x\":{}}\n", flight.Malformed},
		{"a promise with a path", "0:[\"$@1:a\"]\n1:{\"a\":1}\n", flight.Malformed},
		{"a reference to itself", "0:\"$0\"\n", flight.Malformed},
		{"references in a circle", "0:[\"$1\"]\n1:\"$2\"\n2:\"$1\"\n", flight.Malformed},
		{"a path in a circle", "0:[\"$0:0:a\"]\n", flight.Malformed},
		{"a path to a member that is not there", "0:[{\"a\":1},\"$0:0:b\"]\n", flight.Malformed},
		{"a path to a prototype", "0:[{},\"$0:0:__proto__\"]\n", flight.Malformed},
		{"a path to a constructor", "0:[{},\"$0:0:constructor:constructor\"]\n", flight.Malformed},
		{"a path to an inherited method", "0:[{},\"$0:0:toString\"]\n", flight.Malformed},
		{"a path to a member __proto__", "0:[{\"__proto__\":{}},\"$0:0:__proto__\"]\n", flight.Malformed},
		{"a path to the length of an array", "0:[[],\"$0:0:length\"]\n", flight.Malformed},
		{"an index that JavaScript spells otherwise", "0:[[{}],\"$0:0:00\"]\n", flight.Malformed},
		{"an index beyond the end", "0:[[{}],\"$0:0:1\"]\n", flight.Malformed},
		{"a path into a text", "0:[\"ab\",\"$0:0:0\"]\n", flight.Malformed},
		{"a path into a Map", "1:[]\n0:[\"$Q1\",\"$0:0:size\"]\n", flight.Malformed},
		{"a path into a promise", "0:[\"$@1\",\"$0:0:value\"]\n1:{\"value\":{}}\n", flight.Malformed},
		{"a path into a stream", "1:R\n0:[\"$1:0\"]\n1:[{}]\n1:C\n", flight.Malformed},
		{"a reference to undefined", "0:[\"$1\"]\n1:\"$undefined\"\n", flight.Malformed},
		{"a Map that is no array", "1:{}\n0:[\"$Q1\"]\n", flight.Malformed},
		{"a Map of triples", "1:[[1,2,3]]\n0:[\"$Q1\"]\n", flight.Malformed},
		{"a Map with a key twice", "1:[[\"a\",1],[\"a\",2]]\n0:[\"$Q1\"]\n", flight.Malformed},
		{"a Set with NaN twice", "1:[\"$NaN\",\"$NaN\"]\n0:[\"$W1\"]\n", flight.Malformed},
		{"one row as Map and as Set", "1:[]\n0:[\"$Q1\",\"$W1\"]\n", flight.Malformed},
		{"a text row as Set", "1:T1,a0:[\"$W1\"]\n", flight.Malformed},
		{"a form field that is a number", "1:[[\"a\",1]]\n0:[\"$K1\"]\n", flight.Malformed},
		{"a form field without name", "1:[[1,\"a\"]]\n0:[\"$K1\"]\n", flight.Malformed},
		{"a Blob of text", "1:[\"t\",\"x\"]\n0:[\"$B1\"]\n", flight.Malformed},
		{"a Blob without type", "1:[]\n0:[\"$B1\"]\n", flight.Malformed},
		{"a promise of a promise", "0:[\"$@1\"]\n1:\"$@2\"\n2:1\n", flight.Malformed},
		{"a promise of itself", "0:[\"$@1\"]\n1:\"$@1\"\n", flight.Malformed},
		{"a server reference without id", "1:{\"bound\":null}\n0:[\"$h1\"]\n", flight.Malformed},
		{"a server reference whose arguments never come", "1:{\"id\":\"a\",\"bound\":\"$@2\"}\n0:[\"$h1\"]\n", flight.Malformed},
		{"a server reference whose arguments are an object", "1:{\"id\":\"a\",\"bound\":\"$@2\"}\n0:[\"$h1\"]\n2:{}\n", flight.Malformed},
		{"a stream without end", "1:R\n0:[\"$1\"]\n1:1\n", flight.Malformed},
		{"a chunk after the end", "1:R\n0:[\"$1\"]\n1:C\n1:1\n", flight.Malformed},
		{"a stream that begins twice", "1:R\n0:[\"$1\"]\n1:R\n1:C\n", flight.Malformed},
		{"a stream that ends twice", "1:R\n0:[\"$1\"]\n1:C\n1:C\n", flight.Malformed},
		{"a chunk before the beginning", "1:1\n1:R\n0:[\"$1\"]\n1:C\n", flight.Malformed},
		{"an end of nothing", "0:[1]\n1:C\n", flight.Malformed},
		{"a stream with a return value", "1:R\n0:[\"$1\"]\n1:C1\n", flight.Malformed},
		{"a stream of bytes with a model", "1:r\n0:[\"$1\"]\n1:1\n1:C\n", flight.Malformed},
		{"bytes of a byte stream elsewhere", "1:R\n0:[\"$1\"]\n1:b1,a1:C\n", flight.Malformed},
		{"a stream that begins with text", "1:Rx\n0:[\"$1\"]\n1:C\n", flight.Malformed},
		{"an error row that is no object", "0:[\"$@1\"]\n1:E1\n", flight.Malformed},
		{"an error as an item", "0:[\"$1\"]\n1:E{\"digest\":\"d\"}\n", flight.Malformed},
		{"an error as root", "0:E{\"digest\":\"d\"}\n", flight.Failed},
		{"a reference to an error as root", "0:\"$1\"\n1:E{}\n", flight.Failed},
	}
	for _, tt := range tests {
		v, err := flight.Parse([]byte(tt.stream), flight.Limits{})
		if err == nil || err.Reason != tt.why || v != nil {
			t.Errorf("%s: got %v, %v, want %s", tt.name, v, err, tt.why)
		}
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int) string { return "0:" + strings.Repeat("[", n) + strings.Repeat("]", n) + "\n" }
	list := func(n int) string { return "0:[" + strings.Repeat("1,", n-1) + "1]\n" }
	tests := []struct {
		name, stream string
		limits       flight.Limits
		ok           bool
	}{
		{"as many values as allowed", list(9), flight.Limits{Nodes: 10}, true},
		{"one more", list(10), flight.Limits{Nodes: 10}, false},
		{"as many by default", list(49_999), flight.Limits{}, true},
		{"one more than by default", list(50_000), flight.Limits{}, false},
		{"as deep as allowed", nested(11), flight.Limits{Depth: 10}, true},
		{"one deeper", nested(12), flight.Limits{Depth: 10}, false},
		{"as deep as React's own encoder goes", nested(4_001), flight.Limits{}, true},
		{"deeper than a parser of JSON goes", nested(20_000), flight.Limits{}, false},
		{"more rows than values", "0:1\n" + rows(1, 10), flight.Limits{Nodes: 10}, false},
		{"deep from row to row", "0:[\"$1\"]\n1:[\"$2\"]\n2:[\"$3\"]\n3:[[1]]\n", flight.Limits{Depth: 4}, false},
		{"a reference costs one value, however much it points to", "0:[\"$1\",\"$1\",\"$1\",\"$1\"]\n1:[1,2,3,4]\n", flight.Limits{Nodes: 10}, true},
		{"many paths past many members", "0:[{" + members(200) + "}" + strings.Repeat(`,"$0:0:k199"`, 300) + "]\n", flight.Limits{Nodes: 550}, false},
		{"many chunks", "1:R\n0:[\"$1\"]\n" + strings.Repeat("1:T1,a", 10) + "1:C\n", flight.Limits{Nodes: 10}, false},
		{"values and chunks, together as many as allowed", "1:R\n0:[\"$1\",1,1,1]\n" + strings.Repeat("1:T1,a", 10) + "1:C\n", flight.Limits{Nodes: 15}, true},
		{"values and chunks, one more", "1:R\n0:[\"$1\",1,1,1,1]\n" + strings.Repeat("1:T1,a", 10) + "1:C\n", flight.Limits{Nodes: 15}, false},
		{"bytes that a Blob names twice", blob(2), flight.Limits{Nodes: 200}, true},
		{"bytes that a Blob repeats", blob(90), flight.Limits{Nodes: 200}, false},
	}
	for _, tt := range tests {
		v, err := flight.Parse([]byte(tt.stream), tt.limits)
		if tt.ok != (err == nil) || err != nil && (err.Reason != flight.TooComplex || v != nil) {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

// blob is a Blob of one piece of 8,000 bytes, n times.
func blob(n int) string {
	return "2:o1f40," + strings.Repeat("a", 8000) + "1:[\"\"" + strings.Repeat(`,"$2"`, n) + "]\n0:[\"$B1\"]\n"
}

// members are n members of an object, from k0 on.
func members(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"k` + strconv.Itoa(i) + `":{}`)
	}
	return b.String()
}

// The value must not change when the caller wipes the plaintext.
func TestValueDoesNotHoldTheStream(t *testing.T) {
	stream := []byte("1:T3,abc2:o3,xyz0:[\"$1\",\"$2\",\"text\",{\"key\":1},\"$Slab\",\"$$x\",\"$n12\"]\n")
	v, err := flight.Parse(stream, flight.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	before, _ := vectors.Tagged(v)
	clear(stream)
	if after, _ := vectors.Tagged(v); after != before {
		t.Errorf("got %s, want %s", after, before)
	}
}

// Details go to clients and logs; plaintext must not.
func TestDetailsHoldNoPayload(t *testing.T) {
	for _, stream := range []string{
		"0:[\"$qSECRET\"]\n", "0:{\"SECRET\":\"$0:SECRET\"}\n", "0:SECRET\n", "SECRET", "0:[\"$DSECRET\"]\n",
		"0:{\"SECRET\":1,\"SECRET\":2}\n", "0:[SECRET]\n", "0:E{\"digest\":\"SECRET\"}\n", "1:{\"id\":\"SECRET\",\"bound\":1}\n0:\"$h1\"\n",
	} {
		_, err := flight.Parse([]byte(stream), flight.Limits{})
		if err == nil {
			t.Errorf("%q was accepted", stream)
		} else if strings.Contains(strings.ToUpper(err.Error()), "SECRET") || len(err.Facts) > 0 || err.Stage != "closure" {
			t.Errorf("%q: %v", stream, err)
		}
	}
}
