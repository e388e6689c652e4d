// Command testall runs every test of the project, quick parts first, installs
// what the interop tests need when it may, and ends with one line of totals.
//
//	testall         unit, format, compat and browser tests, race runs, then interop
//	testall -quick  without race runs and interop
//	testall -fuzz D each fuzz target for D
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"time"
)

// totals counts tests over all steps. A test that one step skips (the race run
// leaves out what only makes sense without its detector) and another passes is
// not missed.
type totals struct {
	passed, failed int
	ran, skipped   map[string]bool
}

// missed lists the tests that were skipped wherever they were met.
func (t *totals) missed() []string {
	var list []string
	for name := range t.skipped {
		if !t.ran[name] {
			list = append(list, name)
		}
	}
	sort.Strings(list)
	return list
}

func main() {
	quick := flag.Bool("quick", false, "unit, format and compat tests only")
	fuzz := flag.Duration("fuzz", 0, "run each fuzz target for this long")
	flag.Parse()
	if err := run(*quick, *fuzz); err != nil {
		fmt.Fprintln(os.Stderr, "testall:", err)
		os.Exit(1)
	}
}

func run(quick bool, fuzz time.Duration) error {
	if fuzz > 0 {
		return runFuzz(fuzz)
	}
	t := totals{ran: map[string]bool{}, skipped: map[string]bool{}}
	start := time.Now()
	if err := command("go", "vet", "./...").Run(); err != nil {
		return fmt.Errorf("go vet: %w", err)
	}
	steps := [][]string{{"-timeout", "10m", "./codec/...", "./remoting/...", "./store/...", "./namesrv/...", "./broker/...", "./compat/...", "./internal/...", "./cmd/..."}}
	if !quick {
		if err := ensureJava(); err != nil {
			return err
		}
		ensureChromium()
		steps = append(steps,
			[]string{"-race", "-short", "-timeout", "15m", "./remoting/...", "./store/...", "./namesrv/...", "./broker/..."},
			[]string{"-timeout", "30m", "./interop/..."})
	}
	failed := false
	for _, args := range steps {
		fmt.Printf("==> go test %s\n", strings.Join(args, " "))
		if err := goTest(args, &t); err != nil {
			fmt.Fprintln(os.Stderr, err)
			failed = true
			break // quick parts first: what they break makes the slow ones meaningless
		}
	}
	missed := t.missed()
	fmt.Printf("%d passed, %d failed, %d skipped\n", t.passed, t.failed, len(missed))
	fmt.Fprintf(os.Stderr, "testall: %s\n", time.Since(start).Round(time.Second))
	if failed || t.failed > 0 {
		return fmt.Errorf("%d tests failed", max(t.failed, 1))
	}
	if len(missed) > 0 && os.Getenv("CI") != "" {
		return fmt.Errorf("skipped, and CI skips nothing: %s", strings.Join(missed, ", "))
	}
	return nil
}

// event is one line of go test -json.
type event struct{ Action, Package, Test, Output string }

// goTest runs go test -json and prints failures, skips and one line a package.
func goTest(args []string, t *totals) error {
	cmd := command("go", append([]string{"test", "-json", "-count=1"}, args...)...)
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	output := map[string]*bytes.Buffer{}
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text()) // the tool itself speaks, such as a build error
			continue
		}
		count(&e, output, t)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return cmd.Wait()
}

func count(e *event, output map[string]*bytes.Buffer, t *totals) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		if output[key] == nil {
			output[key] = &bytes.Buffer{}
		}
		output[key].WriteString(e.Output)
		return
	case "pass", "fail", "skip":
	default:
		return
	}
	text := ""
	if b := output[key]; b != nil {
		text = b.String()
		delete(output, key)
	}
	if e.Test == "" {
		if e.Action != "skip" {
			fmt.Printf("%s %s\n", e.Action, e.Package)
		}
		if e.Action == "fail" {
			fmt.Print(text)
		}
		return
	}
	switch e.Action {
	case "pass":
		t.passed++
		t.ran[key] = true
	case "fail":
		t.failed++
		fmt.Printf("--- FAIL %s %s\n%s", e.Package, e.Test, text)
	case "skip":
		t.skipped[key] = true
		fmt.Printf("--- SKIP %s %s\n%s", e.Package, e.Test, text)
	}
}

// ensureJava installs a JDK and Maven when they are missing and it may.
func ensureJava() error {
	_, errJava := exec.LookPath("javac")
	_, errMaven := exec.LookPath("mvn")
	if errJava == nil && errMaven == nil {
		return nil
	}
	const hint = "the interop tests need a JDK (17) and Maven: apt-get install openjdk-17-jdk-headless maven"
	if !mayInstall() {
		return fmt.Errorf("javac or mvn not found; %s", hint)
	}
	return install(hint, "openjdk-17-jdk-headless", "maven")
}

// ensureChromium installs a browser when it is missing and it may. Without one
// the page is not tested, which its tests say; in CI they fail then.
func ensureChromium() {
	if _, err := exec.LookPath("chromium"); err == nil || !mayInstall() {
		return
	}
	if err := install("the tests of the page need Chromium: apt-get install chromium", "chromium"); err != nil {
		fmt.Fprintln(os.Stderr, "testall:", err)
	}
}

func mayInstall() bool {
	_, err := exec.LookPath("apt-get")
	return err == nil && os.Getuid() == 0
}

func install(hint string, packages ...string) error {
	fmt.Println("==> installing", strings.Join(packages, " "))
	for _, args := range [][]string{{"update"}, append([]string{"install", "-y", "--no-install-recommends"}, packages...)} {
		if err := command("apt-get", args...).Run(); err != nil {
			return fmt.Errorf("apt-get %s: %w; %s", args[0], err, hint)
		}
	}
	return nil
}

var fuzzName = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// runFuzz runs each fuzz target of the tree for d.
func runFuzz(d time.Duration) error {
	targets := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		for _, m := range fuzzName.FindAllSubmatch(src, -1) {
			dir := "./" + filepath.Dir(path)
			targets[dir] = append(targets[dir], string(m[1]))
		}
		return err
	})
	if err != nil {
		return err
	}
	dirs := make([]string, 0, len(targets))
	for dir := range targets {
		dirs = append(dirs, dir)
	}
	sort.Strings(dirs)
	for _, dir := range dirs {
		for _, name := range targets[dir] {
			fmt.Printf("==> %s %s\n", dir, name)
			if err := command("go", "test", "-run", "^$", "-fuzz", "^"+name+"$", "-fuzztime", d.String(), dir).Run(); err != nil {
				return fmt.Errorf("%s %s: %w", dir, name, err)
			}
		}
	}
	return nil
}

func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = io.Writer(os.Stdout), io.Writer(os.Stderr)
	return cmd
}
