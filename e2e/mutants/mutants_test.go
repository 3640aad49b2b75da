//go:build e2e

// Package mutants takes the checks out of the gate, one at a time, and expects
// the attack tests to notice. A test that stays green without the check that
// it is about tests nothing.
//
// Each mutant is a change to one source file, put in by go's -overlay: nothing
// in the tree is written.
package mutants

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutant is one check taken out, and the tests of cmd/actiongw that must fail.
type mutant struct {
	is       string
	file     string
	old, new string
	tests    string
}

var mutants = []mutant{
	{"any boundary parameter will do", "internal/action/mediatype.go", `case name == "boundary" && boundary == "" &&`, `case name == "boundary" &&`, "TestAttackBoundaryConfusion"},
	{"the boundary may occur inside a part", "internal/formdata/grammar.go", "i := g.find(data)", "i := bytes.Index(data, append([]byte(\"\\r\\n--\"), g.boundary...))\nif i >= 0 {\ni += 4\n}", "TestAttackBoundaryConfusion"},
	{"forms that cannot be read pass", "internal/proxy/gate.go", "if formdata.MentionsAction(c.body, delimiter) {", "if false {", "TestAttackActionFieldInExtendedName|TestAttackActionFieldInFoldedHeader|TestAttackActionFieldInSplitQuotes"},
	{"a byte order mark is text", "internal/formdata/headers.go", "!bytes.Contains(b, []byte(byteOrderMark))", "true", "TestAttackActionFieldBehindByteOrderMark"},
	{"only one reading is searched", "internal/formdata/disguise.go", "plain := s[0].scan(data, eof)", "plain := false", "TestAttackBoundaryConfusion"},
	{"the search undoes no escapes", "internal/formdata/disguise.go", "if c == '%' {", "if false {", "TestAttackActionFieldInExtendedName"},
	{"the search drops nothing", "internal/formdata/disguise.go", "return strings.IndexByte(dropped, c) >= 0", "return false", "TestAttackActionFieldInFoldedHeader|TestAttackActionFieldInSplitQuotes"},
	{"a backslash ends a name", "internal/formdata/headers.go", "if bytes.HasSuffix(name,", "if false && bytes.HasSuffix(name,", "TestAttackActionFieldInSplitQuotes"},
	{"files select nothing", "internal/formdata/formdata.go", "return strings.HasPrefix(e.Name, actionPrefix) }", "return !e.File && strings.HasPrefix(e.Name, actionPrefix) }", "TestAttackFilePartAsSelector"},
	{"only the lower-case type is a form", "internal/action/action.go", "if strings.EqualFold(line[i:i+len(multipartType)], multipartType) {", "if i == 0 && strings.HasPrefix(line, multipartType) {", "TestAttackOddCaseMediaType"},
	{"Connection may name anything", "internal/proxy/headers.go", "if err := checkConnection(h[headerConnection]); err != nil {", "if err := checkConnection(nil); err != nil {", "TestAttackConnectionNomination"},
	{"the first of two lines counts", "internal/proxy/headers.go", "if len(h[name]) > 1 {", "if false {", "TestAttackDoubledHeaders"},
	{"everybody is trusted", "internal/proxy/gate.go", "return c.peer.Trusted && len(lines)", "return len(lines)", "TestAttackForwardedHostSpoofing"},
	{"the forwarded host stays", "internal/proxy/headers.go", "delete(r.Header, headerForwardedHost)", "", "TestAttackForwardedHostSpoofing"},
	{"the first of two forwarded hosts counts", "internal/proxy/gate.go", `if len(lines) > 1 || strings.Contains(lines[0], ",") {`, "lines[0], _, _ = strings.Cut(lines[0], \",\")\nif false {", "TestAttackForwardedHostListFromTrustedProxy"},
	{"null is no origin", "internal/origin/origin.go", "HasOrigin || e.Origin == \"null\" {", "HasOrigin || e.Origin == \"null\" {\ne.HasOrigin = false", "TestCVE202627978NullOrigin"},
	{"a missing origin is enough", "internal/origin/origin.go", `if site == "cross-site" || site == "same-site" {`, `if site == "" {`, "TestAttackMissingOriginFromAnotherSite"},
	{"every method is a call", "internal/proxy/gate.go", "if r.Method != http.MethodPost {", "if false {", "TestAttackMethodOverride"},
	{"the method may be overridden", "internal/proxy/headers.go", `"X-Http-Method-Override", "X-Http-Method", "X-Method-Override",`, "", "TestAttackMethodOverride"},
	{"the gate comes late", "caddy/caddy.go", `"actiongw", httpcaddyfile.Before, "invoke"`, `"actiongw", httpcaddyfile.Before, "reverse_proxy"`, "TestAttackHandleBlockWalkAround"},
	{"error routes get the call", "caddy/handler.go", "proxy.Defuse(r)", "", "TestAttackRefusedCallForwardedByErrorRoute"},
	{"our headers with underscores stay", "internal/proxy/headers.go", `const prefix = "actiongw"`, `const prefix = "actiongw-"`, "TestAttackUnderscoreHeaders"},
	{"internal headers stay", "internal/proxy/headers.go", "!keep && isInternal(name)", "false", "TestAttackInternalHeaders"},
	{"trailers stay", "internal/proxy/body.go", "c.r.TransferEncoding, c.r.Trailer = nil, nil", "", "TestAttackTrailers"},
	{"trailers of others are not cleaned", "internal/proxy/headers.go", "r.Body = &trailerCleaner{r.Body, r.Trailer, keep}", "", "TestAttackOwnHeadersAsTrailers"},
	{"compressed calls pass", "internal/proxy/headers.go", `if !strings.EqualFold(coding, "identity") {`, `if coding == "" {`, "TestAttackContentEncoding"},
	{"any charset will do", "internal/action/mediatype.go", `if charset != "" && !strings.EqualFold(charset, "utf-8") {`, "if false {", "TestAttackOtherCharset"},
	{"any charset of a part will do", "internal/formdata/headers.go", "if contentType && !part.File && !isPlainUTF8(part.ContentType) {", "if false {", "TestAttackOtherCharset"},
	{"early data is fine", "internal/proxy/headers.go", `|| h["Early-Data"] != nil {`, "{", "TestAttackReplayOfEarlyData"},
	{"long uploads are not watched", "internal/formdata/sieve.go", "case t.kind == partStart && (t.part.IsActionField() || hidesAction(t.part.Name)):", "case false:", "TestAttackLateActionField"},
	{"a watched body ends well", "internal/proxy/stream.go", `b.safe, b.err = 0, fmt.Errorf("%w (%w)", b.stop, context.Canceled)`, `b.safe, b.err = 0, io.EOF; _, _ = fmt.Sprint(), context.Canceled`, "TestAttackLateActionField|TestLongUpload"},
	{"a broken body is the backend's fault", "internal/proxy/stream.go", `fmt.Errorf("%w (%w)", b.stop, context.Canceled)`, `fmt.Errorf("%w (%v)", b.stop, context.Canceled)`, "TestLongUpload"},
	{"refusals are cacheable", "internal/proxy/answer.go", `h.Set("Cache-Control", "no-store")`, "", "TestAttackCacheableRefusals"},
	{"memory is not counted", "internal/proxy/memory.go", "if m.held.Add(n) <= limit {", "if m.held.Add(n) <= limit || true {", "TestSlowBodiesStayWithinMaxMemory"},
	{"the limit is off by one", "internal/proxy/body.go", "case int64(len(c.body)) > limit:", "case int64(len(c.body)) >= limit:", "TestLimitIsExactInEveryFraming"},
	{"closures may be spelled in any way", "internal/closure/decide.go", "case !canonical:", "case false:", "TestRecordedTraffic$"},
	{"closures may stand anywhere", "internal/closure/decide.go", "case !c.InPromise:\n\t\treturn Decision{}, refuse(Misplaced, \"the closure did not come as a promise\").With(\"key\", opened.Key)", "case false:", "TestRecordedTraffic$"},
	{"closures of other actions will do", "internal/closure/next.go", "string(plaintext[:len(actionID)]) != actionID {", "false {", "TestRecordedTraffic$"},
	{"revoked keys open", "internal/closure/next.go", "if !by.State.Live() {", "if false {", "TestKeysRotate"},
	{"what does not open is data", "internal/closure/decide.go", "return Decision{}, refuseKey()", "return Decision{}, nil", "TestRecordedTraffic$|TestKeysRotate"},
	{"unknown actions pass", "internal/manifest/set.go", "if !ok && s.Settled() {", "if !ok && false {", "TestRecordedTraffic$|TestManifestIsReadAgain"},
	{"rules are not asked", "internal/policy/decide.go", "case r.Deny:", "case false:", "TestRulesByName"},
	{"functions may have any id", "internal/proxy/arguments.go", "if _, ok := c.gate.parseID(ref.ID); !ok {", "if false {", "TestReasonsHoldTogether"},
	{"functions need no closure", "internal/proxy/arguments.go", "return rule.CheckClosure(sealed)", "_ = sealed\nreturn nil", "TestReasonsHoldTogether"},
	{"a path may name what is not there", "internal/reply/refs.go", "m, _ := v.Get(key)", "m, ok := v.Get(key)\nif !ok {\nreturn v\n}", "TestAttackBypassByJunkInFront|TestAttackBypassByBoundaryAndCase"},
	{"half a body is enough", "internal/proxy/body.go", "case errors.Is(err, io.EOF):", "case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):", "TestAttackUnfinishedCall"},
	{"an id may be anything", "internal/proxy/gate.go", "c.ID, ok = g.parseID(first(r.Header[c.Dialect.Header()]))", "_ = g\nc.ID, ok = action.ID(first(r.Header[c.Dialect.Header()])), true", "TestRecordedTraffic$|TestAttackReflectedInput"},
	{"anybody may post a ready-made call", "internal/proxy/callpath.go", "if isCallPath(r.URL, g.callPath) {", "if false {", "TestReasonsHoldTogether"},
	{"closures of our own may stand anywhere", "internal/closure/decide.go", "case !c.InPromise:\n\t\treturn Decision{}, refuse(Misplaced, \"the closure did not come as a promise\").With(\"key\", opened.Key.Fingerprint)", "case false:", "TestReasonsHoldTogether"},
	{"closures never expire", "internal/closure/own.go", "case want.Now >= c.Expires:", "case false:", "TestReasonsHoldTogether"},
	{"closures are bound to nobody", "internal/closure/own.go", "case subtle.ConstantTimeCompare([]byte(b), []byte(Bind(cookies[0]))) != 1:", "case subtle.ConstantTimeCompare(nil, nil) != 1:", "TestSealedFormsReachTheirAction"},
	{"anything is sealed for a browser", "caddy/seal.go", `name == "Origin" ||`, "", "TestWhoMayHaveSomethingSealed"},
	{"any token will do", "caddy/seal.go", `hashToken(r.Header.Get("Authorization"))`, "s.token", "TestWhoMayHaveSomethingSealed"},
	{"a backend may send people anywhere", "internal/jsoncall/answer_location.go", "if path, ok = cutSite(s); !ok {", "if path, ok = cutSite(s); !ok && false {", "TestAnswersOfAJSONBackend"},
	{"any answer is a result", "internal/jsoncall/answer_head.go", `essence, utf8 := contentType(header["Content-Type"])`, `_, utf8 := contentType(header["Content-Type"]); essence := jsonType`, "TestAnswersOfAJSONBackend"},
}

func TestAttackTestsNoticeMissingChecks(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		t.Run(m.is, func(t *testing.T) {
			out, err := run(t, root, m)
			switch {
			case err == nil:
				t.Errorf("%s passes without the check in %s", m.tests, m.file)
			case !strings.Contains(out, "--- FAIL"):
				t.Errorf("the mutant does not build:\n%s", out)
			}
		})
	}
}

// run runs the tests against the mutant and returns what they print.
func run(t *testing.T, root string, m mutant) (string, error) {
	t.Helper()
	file := filepath.Join(root, m.file)
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(source), m.old) != 1 {
		t.Fatalf("%q is not in %s exactly once: bring the mutant up to date", m.old, m.file)
	}
	changed := filepath.Join(t.TempDir(), "changed.go")
	write(t, changed, []byte(strings.Replace(string(source), m.old, m.new, 1)))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(t.TempDir(), "overlay.json")
	write(t, overlayFile, overlay)
	cmd := exec.Command("go", "test", "-overlay", overlayFile, "-count=1", "-run", m.tests, "./cmd/actiongw")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
