package proxy_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
)

// full is the size of every body below: the default of max_body.
const full = 1 << 20

// worst is one body that an attacker may think of, and what the gate says.
type worst struct {
	name   string
	body   string // text, or the parts of a form
	form   bool
	config proxy.Config
	want   reject.Reason // empty: admitted
}

// pad fills a text that ends in `]` up to the full size with one more element:
// an object, because texts in arrays count against React's budget for those.
func pad(text string) string {
	if missing := full - len(text) - 8; missing > 0 {
		return text[:len(text)-1] + `,{"":"` + strings.Repeat("x", missing) + `"}]`
	}
	return text
}

// many repeats what element gives, at most n times and as the size allows.
func many(n, size int, element func(i int) string) string {
	var b strings.Builder
	for i := range n {
		e := element(i)
		if b.Len()+len(e)+1 > size {
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(e)
	}
	return b.String()
}

func list(elements string) string { return "[[" + elements + "]]" }

// parts writes a form of names and texts. The boundary is in none of them.
func parts(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, "--b-0-b\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", pairs[i], pairs[i+1])
	}
	return b.String() + "--b-0-b--\r\n"
}

func deep(open, inside, end string, n int) string {
	return strings.Repeat(open, n) + inside + strings.Repeat(end, n)
}

// ring is n keys.
func ring(b testing.TB, n int) (all []keyring.Entry) {
	for i := range n {
		sum := sha256.Sum256([]byte{byte(i)})
		key, err := keyring.ParseNextKey(base64.StdEncoding.EncodeToString(sum[:]))
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, keyring.Entry{Key: key, State: keyring.Enabled})
	}
	return all
}

// functions is a call with n functions that share one bound argument: unit
// over and over, and then end.
func functions(n int, unit, end string) string {
	var pairs []string
	root := "["
	for i := range n {
		pairs = append(pairs, fmt.Sprint(i+1), fmt.Sprintf(`{"id":%q,"bound":"$@%x"}`, id, n+1))
		root += fmt.Sprintf(`"$h%x",`, i+1)
	}
	frame := len(parts(append(pairs, "0", root+"0]", fmt.Sprint(n+1), `[""]`)...))
	text := strings.Repeat(unit, (full-frame-len(end))/len(unit)) + end
	return parts(append(pairs, "0", root+"0]", fmt.Sprint(n+1), `["`+text+`"]`)...)
}

func worstJSON() []worst {
	rng := rand.New(rand.NewPCG(1, 2))
	number := func(int) string { return string(value.AppendNumber(nil, rng.NormFloat64()*1e-200)) }
	sixteen := func(i int) string {
		var o strings.Builder
		for j := range 16 {
			fmt.Fprintf(&o, `,"%014x%02d":0`, i, j)
		}
		return "{" + o.String()[1:] + "}"
	}
	keys := "{" + many(49_990, full-20, func(i int) string { return fmt.Sprintf(`"%016x":0`, i) }) + "}"
	wideSteps := deep(`{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":0,"n":0,"o":0,"p":`, "[]", "}", 2900)
	arraySteps := deep("[", "{}", "]", 5990)
	return []worst{
		{name: "json/a_million_numbers", body: list(many(full, full-4, func(int) string { return "1" })), want: reject.ReplyTooComplex},
		{name: "json/50000_values", body: pad(list(strings.Repeat("1,", 49_980) + "1"))},
		{name: "json/numbers_of_17_digits", body: list(many(49_990, full-4, number))},
		{name: "json/a_number_of_a_million_digits", body: list(strings.Repeat("1", full-4)), want: reject.ReplyMalformed},
		{name: "json/arrays", body: pad(list(many(49_980, full, func(int) string { return "[]" })))},
		{name: "json/deep_6000_times_8", body: pad("[" + many(8, full, func(int) string { return deep("[", "", "]", 5999) }) + "]")},
		{name: "json/an_object_of_50000_members", body: "[" + keys + "]"},
		{name: "json/objects_of_16_members", body: list(many(2940, full-4, sixteen))},
		{name: "json/escapes", body: `["` + strings.Repeat(`\u0041`, (full-4)/6) + `"]`},
		{name: "json/lone_surrogates", body: `["` + strings.Repeat(`\ud800`, (full-4)/6) + `"]`},
		{name: "json/short_escaped_texts", body: list(many(49_990, full-4, func(int) string { return `"\u0041\u0041\n"` }))},
		{name: "json/bigints", body: list(many(49_990, full-4, func(int) string { return `{"":"$n` + strings.Repeat("7", 300) + `"}` }))},
		{name: "json/dates", body: list(many(49_990, full-4, func(int) string { return `"$D2026-10-14T16:49:15.123Z"` }))},
		{name: "json/temporary_references", body: list(many(49_990, full-4, func(int) string { return `"$T"` }))},
		{name: "json/temporary_references_deep_down", body: pad("[" + deep(`{"":`, "["+many(170, full, func(int) string { return `"$T"` })+"]", "}", 5990) + "]")},
		{name: "json/references", body: pad(`[[{}` + strings.Repeat(`,"$0:0:0"`, 49_900) + "]]")},
		{name: "json/references_to_arrays", body: pad(`[[[]` + strings.Repeat(`,"$0:0:0"`, 49_900) + "]]"), want: reject.ReplyTooComplex},
		{name: "json/long_paths_through_arrays", body: "[" + arraySteps + "," + many(49_990, full-len(arraySteps)-3, func(int) string { return `"$0:0` + strings.Repeat(":0", 5990) + `"` }) + "]"},
		{name: "json/long_paths_through_objects", body: "[" + wideSteps + "," + many(49_990, full-len(wideSteps)-3, func(int) string { return `"$0:0` + strings.Repeat(":p", 2900) + `"` }) + "]"},
		{name: "json/empty_forms", body: list(many(49_990, full-4, func(i int) string { return fmt.Sprintf(`"$K%x"`, i+1) }))},
	}
}

func worstForms() []worst {
	many1000 := func(text func(i int) string, tag string) string {
		var pairs []string
		root := "["
		for i := range 999 {
			pairs = append(pairs, fmt.Sprint(i+1), text(i))
			root += fmt.Sprintf(`%s%x",`, tag, i+1)
		}
		return parts(append(pairs, "0", root+"0]")...)
	}
	fields := func(n int) string {
		var pairs []string
		for i := range n {
			pairs = append(pairs, fmt.Sprintf("_1_%d", i), strings.Repeat("x", 980))
		}
		return parts(append(pairs, "0", `["$K1"]`)...)
	}
	lazy := []string{"1", "[]"}
	for i := range 997 {
		lazy = append(lazy, fmt.Sprint(i+2), fmt.Sprintf(`"$%x"`, i+1))
	}
	lazyRoot := "[{\"a:b\":[]}" + strings.Repeat(`,"$3e6"`, 990) + "," + `["` + strings.Repeat(`$3e6","`, 48_000) + `"]]`
	return []worst{
		{name: "form/1000_sets", form: true, body: many1000(func(int) string {
			return "[" + many(48, 900, func(j int) string { return fmt.Sprintf(`"%014d"`, j) }) + "]"
		}, `"$W`)},
		{name: "form/1000_forms_of_a_field", form: true, body: func() string {
			var pairs []string
			root := "["
			for i := range 999 {
				pairs = append(pairs, fmt.Sprintf("_%d_a", i+1), strings.Repeat("x", 980))
				root += fmt.Sprintf(`"$K%x",`, i+1)
			}
			return parts(append(pairs, "0", root+"0]")...)
		}()},
		{name: "form/a_form_of_999_fields", form: true, body: fields(999)},
		{name: "form/a_map_of_16000_pairs", form: true, body: parts("1", "["+many(16_600, full-300, func(i int) string { return fmt.Sprintf(`["%048d",0]`, i) })+"]", "0", `["$Q1"]`)},
		{name: "form/a_set_of_50000_texts", form: true, body: parts("1", "["+many(49_990, full-300, func(i int) string { return fmt.Sprintf(`"%017d"`, i) })+"]", "0", `["$W1"]`)},
		{name: "form/lazy_values_in_a_chain", form: true, body: parts(append(lazy, "0", lazyRoot)...)},
		{name: "form/promises_of_a_row_each", form: true, body: many1000(func(int) string { return `["` + strings.Repeat("x", 900) + `"]` }, `"$@`)},
	}
}

func worstSealed(b testing.TB) []worst {
	base := strings.Repeat("QUJD", full/4)
	keys := func(n int) proxy.Config { return proxy.Config{Keys: ring(b, n)} }
	return []worst{
		{name: "sealed/one_text_and_1_key", body: `["` + base[:full-4] + `"]`, config: keys(1)},
		{name: "sealed/one_text_and_32_keys", body: `["` + base[:full-4] + `"]`, config: keys(32)},
		{name: "sealed/32_functions_share_one_text_1_key", form: true, body: functions(32, "QUJD", ""), config: keys(1), want: reject.ClosureTriesExceeded},
		{name: "sealed/490_functions_share_one_text_1_key", form: true, body: functions(490, "QUJD", ""), config: keys(1), want: reject.ClosureTriesExceeded},
		{name: "sealed/990_functions_share_one_text_no_key", form: true, body: functions(990, "QUJD", ""), want: reject.ClosureTriesExceeded},
		{name: "sealed/990_functions_share_one_text_that_is_nearly_base64", form: true, body: functions(990, "QUJD", ","), config: keys(1), want: reject.ClosureTriesExceeded},
		{name: "sealed/990_functions_share_one_text_of_spaces", form: true, body: functions(990, " ", ""), config: keys(1), want: reject.ClosureTriesExceeded},
	}
}

// worstAnew are bodies that the gate writes again, since a member __proto__
// is dropped. The last two would grow with the product of a key's length and the
// number of values, if references were not counted.
func worstAnew() []worst {
	const proto = `[{"__proto__":0},`
	key := strings.Repeat("k", 16_000)
	return []worst{
		{name: "anew/numbers", body: pad(proto + "[" + strings.Repeat("1,", 49_900) + "1]]")},
		{name: "anew/escapes", body: proto + `"` + strings.Repeat(`\u0041`, (full-40)/6) + `"]`},
		{name: "anew/deep", body: pad(proto + deep("[", "", "]", 5990) + "]")},
		{name: "anew/5000_arrays_below_a_key_of_16000", body: proto + `{"` + key + `":[` + strings.Repeat("[],", 5000) + "0]}]"},
		{name: "anew/500_references_to_a_promise_of_an_object", form: true, body: parts(
			"1", "[{}]", "0", proto+`{"`+key+`":["$1:0"]}`+strings.Repeat(`,"$1:0"`, 500)+`,"$@1"]`), want: reject.ReplyTooComplex},
	}
}

// worstChecked are calls of an action whose arguments have a schema.
func worstChecked(b testing.TB) []worst {
	schema, err := policy.ParseSchema("worst.json", []byte(`{"type":"array","items":{"type":["array","object"]}}`))
	if err != nil {
		b.Fatal(err)
	}
	config := proxy.Config{Wire: reply.Current, Rules: []policy.Rule{{Match: []string{"**"}, Args: schema, DenyReferences: true}}}
	shared := "[" + strings.Repeat(`{"a":0},`, 499) + `{}]`
	return []worst{
		{name: "schema/50000_values", config: config, body: pad(list(strings.Repeat("1,", 49_980) + "1"))},
		{name: "schema/shared_objects_96_levels_down", config: config, body: pad("[" + deep("[", shared+strings.Repeat(`,{"a":"$0`+strings.Repeat(":0", 97)+`"}`, 100), "]", 96) + "]")},
	}
}

// worstTwice are bodies that the gate reads again because of what stands at
// their end. They are shorter than the others, which are read once: see Lean of
// reply.Options.
func worstTwice() []worst {
	const size = 999_000
	rng := rand.New(rand.NewPCG(1, 2))
	numbers := "[" + many(49_990, size, func(int) string { return string(value.AppendNumber(nil, rng.NormFloat64()*1e-200)) }) + "]"
	arrays := "[" + strings.Repeat("[],", 49_900) + "0]"
	arrays += `,{"":"` + strings.Repeat("x", size-len(arrays)) + `"}`
	return []worst{
		{name: "twice/numbers_and_a_reference", body: "[" + numbers + `,"$0:0"]`},
		{name: "twice/arrays_and_a_reference", body: "[" + arrays + `,"$0:0"]`},
		{name: "twice/arrays_written_anew", body: "[" + arrays + `,{"__proto__":0}]`},
	}
}

// worstOf is every body, a plain one first.
func worstOf(t testing.TB) []worst {
	all := append([]worst{{name: "plain", body: `["` + strings.Repeat("x", full-4) + `"]`}}, worstJSON()...)
	all = append(all, worstForms()...)
	all = append(all, worstSealed(t)...)
	all = append(append(all, worstAnew()...), worstTwice()...)
	return append(all, worstChecked(t)...)
}

// admit puts the body through a gate once and checks what the gate says.
func (w worst) admit(t testing.TB, g *proxy.Gate) {
	r := httptest.NewRequest("POST", "/", nil)
	r.Host, r.Body, r.ContentLength = site, io.NopCloser(strings.NewReader(w.body)), int64(len(w.body))
	r.Header = map[string][]string{"Next-Action": {id}, "Origin": {"https://" + site}, "Content-Type": {"text/plain;charset=UTF-8"}}
	if w.form {
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b-0-b")
	}
	d := g.Admit(r, proxy.Peer{Writer: httptest.NewRecorder()})
	if d.Refusal == nil && w.want != "" || d.Refusal != nil && d.Refusal.Reason != w.want {
		t.Errorf("%s: %v %v, want %q", w.name, d.Verdict, d.Refusal, w.want)
	}
	d.Release(true)
}

// TestWorstBodies holds that the gate gets through each of them, and what it
// says.
func TestWorstBodies(t *testing.T) {
	for _, w := range worstOf(t) {
		g, _ := newGate(t, w.config)
		w.admit(t, g)
	}
}

// BenchmarkWorst gives the cost of the most expensive bodies that we can think
// of as multiples of the plain one's. docs/security.md has a table of it.
func BenchmarkWorst(b *testing.B) {
	var plain float64
	for _, w := range worstOf(b) {
		b.Run(w.name, func(b *testing.B) {
			g, _ := newGate(b, w.config)
			b.ReportAllocs()
			for b.Loop() {
				w.admit(b, g)
			}
			each := float64(b.Elapsed()) / float64(b.N)
			if w.name == "plain" {
				plain = each // the last and longest run counts
			}
			b.ReportMetric(each/plain, "x_plain")
		})
	}
}
