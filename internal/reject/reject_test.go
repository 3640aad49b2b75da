package reject_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"testing"

	"github.com/actiongw/actiongw/internal/reject"
)

// TestEveryConstantIsInTheList reads reasons.go itself, because Go cannot
// enumerate constants: a reason that is declared and not listed would have no
// status, no sentence and no metric label.
func TestEveryConstantIsInTheList(t *testing.T) {
	listed := map[string]bool{}
	for _, r := range reject.All() {
		if listed[string(r)] {
			t.Errorf("%s is listed twice", r)
		}
		listed[string(r)] = true
	}
	declared := declaredReasons(t)
	if len(declared) == 0 {
		t.Fatal("no reasons found in reasons.go: this test reads it wrongly")
	}
	for _, word := range declared {
		if !listed[word] {
			t.Errorf("%s is declared and not in the table", word)
		}
	}
	if len(declared) != len(listed) {
		t.Errorf("%d reasons declared, %d listed", len(declared), len(listed))
	}
}

func TestReasonsAreStableWordsWithAStatusAndASentence(t *testing.T) {
	word := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, r := range reject.All() {
		if !word.MatchString(string(r)) {
			t.Errorf("%q is not a snake_case word", r)
		}
		client := r.Status() >= 400 && r.Status() < 500
		if !client && r != reject.Overloaded {
			t.Errorf("%s answers %d: bad input is never a server error", r, r.Status())
		}
		if s := r.Sentence(); len(s) < 10 || s[len(s)-1] != '.' {
			t.Errorf("%s: %q is not a sentence", r, s)
		}
	}
}

// declaredReasons lists the string values of the Reason constants.
func declaredReasons(t *testing.T) []string {
	file, err := parser.ParseFile(token.NewFileSet(), "reasons.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Type == nil {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); ok && id.Name == "Reason" {
			word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, word)
		}
		return true
	})
	return words
}
