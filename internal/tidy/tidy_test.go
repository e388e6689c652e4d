// Package tidy holds the project's style as tests: sizes, import arrows,
// pictures in format files, no sleeping in tests, machine-free prose.
package tidy

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module       = "github.com/boostermq/booster"
	root         = "../.."
	maxFileLines = 800
	maxFuncLines = 70
)

// arrows says which of our packages a package may import. A trailing /... stands for all below.
var arrows = map[string][]string{
	"codec/fastjson":         {},
	"internal/vfs":           {},
	"internal/recent":        {},
	"internal/properties":    {},
	"internal/memnet":        {},
	"internal/httpd":         {},
	"store/ha":               {},
	"codec":                  {"codec/fastjson"},
	"internal/configmanager": {"internal/properties", "internal/vfs"},
	"internal/logging":       {},
	"remoting":               {"codec"},
	"store":                  {"codec", "store/ha", "internal/recent", "internal/vfs"},
	"broker/topic":           {"codec", "codec/fastjson", "internal/configmanager", "internal/vfs"},
	"broker/subscription":    {"codec", "codec/fastjson", "internal/configmanager", "internal/vfs"},
	"broker/offset":          {"codec", "codec/fastjson", "internal/configmanager", "internal/vfs"},
	"broker/stats":           {"codec", "codec/fastjson", "internal/configmanager", "internal/recent"},
	"broker/filter":          {"codec", "codec/fastjson", "internal/configmanager", "internal/vfs"},
	"broker/acl":             {"codec", "codec/fastjson", "remoting", "internal/configmanager", "internal/vfs"},
	"broker/schedule":        {"codec", "codec/fastjson", "store", "internal/configmanager", "internal/vfs"},
	"broker/transaction":     {"codec", "store", "internal/configmanager", "internal/vfs"},
	"broker/client":          {"codec", "remoting"},
	"broker/longpolling":     {"codec", "remoting"},
	"broker/view":            {"broker/stats", "internal/vfs"}, // plain values, for the two below
	"broker/metrics":         {"codec", "codec/fastjson", "broker/stats", "broker/view"},
	"broker/web":             {"codec", "broker/view"},
	"broker":                 {"codec", "codec/fastjson", "remoting", "store", "broker/...", "internal/..."},
	"namesrv":                {"codec", "codec/fastjson", "remoting", "internal/..."},

	// Tools: clients of the wire, which never see broker, store or name server.
	"internal/mqadmin":         {"codec", "codec/fastjson", "remoting", "internal/properties"},
	"internal/mqadmin/command": {"codec", "codec/fastjson", "remoting", "internal/mqadmin", "internal/properties"},
}

func TestImportArrows(t *testing.T) {
	eachGoFile(t, func(path string, src []byte, f *ast.File, _ *token.FileSet) {
		pkg := filepath.ToSlash(filepath.Dir(path))
		allowed, ruled := arrows[pkg]
		if strings.HasSuffix(path, "_test.go") {
			return // tests may use the seams and the real neighbours
		}
		for _, imp := range f.Imports {
			target, err := strconv.Unquote(imp.Path.Value)
			require.NoError(t, err)
			if !strings.HasPrefix(target, module+"/") {
				continue
			}
			target = strings.TrimPrefix(target, module+"/")
			require.Falsef(t, strings.HasPrefix(target, "compat") || strings.HasPrefix(target, "interop") && !strings.HasPrefix(pkg, "interop"),
				"%s imports %s: compat and interop are imported by nothing", path, target)
			if ruled {
				require.Truef(t, isAllowed(target, allowed), "%s imports %s, which package %s may not", path, target, pkg)
			}
		}
	})
}

func isAllowed(target string, allowed []string) bool {
	for _, a := range allowed {
		if prefix, all := strings.CutSuffix(a, "/..."); target == a || all && strings.HasPrefix(target, prefix+"/") {
			return true
		}
	}
	return false
}

func TestSizes(t *testing.T) {
	eachGoFile(t, func(path string, src []byte, f *ast.File, set *token.FileSet) {
		if strings.HasSuffix(path, "_test.go") || ast.IsGenerated(f) {
			return
		}
		if lines := bytes.Count(src, []byte("\n")); lines > maxFileLines {
			t.Errorf("%s has %d lines, more than %d: is it still one noun?", path, lines, maxFileLines)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			from, to := set.Position(fn.Pos()).Line, set.Position(fn.End()).Line
			if n := to - from + 1; n > maxFuncLines {
				t.Errorf("%s:%d: func %s has %d lines, more than %d", path, from, fn.Name.Name, n, maxFuncLines)
			}
		}
	})
}

// TestFormatPictures: every *_format.go opens with a picture of its bytes.
func TestFormatPictures(t *testing.T) {
	found := 0
	eachGoFile(t, func(path string, src []byte, f *ast.File, _ *token.FileSet) {
		if !strings.HasSuffix(path, "_format.go") {
			return
		}
		found++
		head := src[:min(len(src), 4000)]
		if !bytes.Contains(head, []byte("+--")) && !bytes.Contains(head, []byte("|")) && !bytes.Contains(head, []byte("┌")) {
			t.Errorf("%s shows no picture of its layout", path)
		}
	})
	require.NotZero(t, found)
}

// TestNoSleepInTests: tests wait for the thing itself.
func TestNoSleepInTests(t *testing.T) {
	eachGoFile(t, func(path string, src []byte, f *ast.File, set *token.FileSet) {
		if !strings.HasSuffix(path, "_test.go") || importsSynctest(f) {
			return // inside a synctest bubble a sleep advances the fake clock
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
					if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" {
						t.Errorf("%s: time.Sleep in a test", set.Position(call.Pos()))
					}
				}
			}
			return true
		})
	})
}

func importsSynctest(f *ast.File) bool {
	for _, imp := range f.Imports {
		if imp.Path.Value == `"testing/synctest"` {
			return true
		}
	}
	return false
}

// TestPackageComments: every package says what it owns.
func TestPackageComments(t *testing.T) {
	documented, seen := map[string]bool{}, map[string]bool{}
	eachGoFile(t, func(path string, src []byte, f *ast.File, _ *token.FileSet) {
		dir := filepath.Dir(path)
		seen[dir] = true
		documented[dir] = documented[dir] || f.Doc != nil
	})
	for dir := range seen {
		if !documented[dir] {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func eachGoFile(t *testing.T, visit func(path string, src []byte, f *ast.File, set *token.FileSet)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "data" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, src, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		visit(rel, src, f, set)
		return nil
	})
	require.NoError(t, err)
}
