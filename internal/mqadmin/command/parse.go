package command

import (
	"fmt"
	"strconv"
	"strings"
)

// Args is the options of one call and their values, by short name.
type Args map[string]string

// Has tells whether an option was given.
func (a Args) Has(short string) bool { _, ok := a[short]; return ok }

// Text returns the value of an option without blanks around it, or byDefault.
func (a Args) Text(short, byDefault string) string {
	if v, ok := a[short]; ok {
		return v
	}
	return byDefault
}

// Int returns the value of an option declared as number, or byDefault.
func (a Args) Int(short string, byDefault int) int {
	if n, err := strconv.Atoi(a[short]); err == nil { // parse saw that it is one
		return n
	}
	return byDefault
}

// Int32 is Int for an option declared as int32.
func (a Args) Int32(short string, byDefault int32) int32 { return int32(a.Int(short, int(byDefault))) }

// Bool returns the value of an option declared as boolean, or byDefault.
func (a Args) Bool(short string, byDefault bool) bool {
	if v, ok := a[short]; ok {
		return strings.EqualFold(v, "true")
	}
	return byDefault
}

// parse reads the words after a command's name as Java's parser does
// (commons-cli, PosixParser): -t X, -tX, --topic X, --topic=X, -topic X, flags
// in one word (-lc), a value may begin with - unless an option of that name
// exists, plain words are ignored. Of an option that occurs twice the first
// counts. With -h nothing is required.
func (c *Command) parse(words []string) (Args, error) {
	p := parser{command: c, words: words, args: Args{}}
	for len(p.words) > 0 {
		if err := p.word(); err != nil {
			return nil, err
		}
	}
	if p.args.Has("h") {
		return p.args, nil
	}
	return p.args, c.check(p.args)
}

type parser struct {
	command *Command
	words   []string // not read yet
	args    Args
}

// word reads the next word, and its value with it.
func (p *parser) word() error {
	word := p.words[0]
	p.words = p.words[1:]
	switch {
	case word == "--":
		p.words = nil
		return nil
	case word == "-" || !strings.HasPrefix(word, "-"):
		return nil
	}
	name, value, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
	if o, ok := p.command.option(name); ok && (!hasValue || strings.HasPrefix(word, "--")) {
		if hasValue {
			return p.set(o, value)
		}
		return p.setNext(o)
	}
	if !strings.HasPrefix(word, "--") && p.isCluster(word) {
		return p.cluster(word[1:])
	}
	return fmt.Errorf("unrecognized option: %s", word)
}

// isCluster tells whether the first letter of a word is an option.
func (p *parser) isCluster(word string) bool {
	_, ok := p.command.option(word[1:2])
	return ok && word[1] < 0x80
}

// cluster reads letters that are one option each, up to one that takes the rest as its value.
func (p *parser) cluster(letters string) error {
	for i := range letters {
		o, ok := p.command.option(letters[i : i+1])
		switch {
		case !ok:
			return fmt.Errorf("unrecognized option: -%s", letters)
		case o.HasArg && i+1 < len(letters):
			return p.set(o, letters[i+1:])
		case o.HasArg:
			return p.setNext(o)
		}
		if err := p.set(o, ""); err != nil {
			return err
		}
	}
	return nil
}

// setNext gives o the next word as value, if it takes one.
func (p *parser) setNext(o Option) error {
	if !o.HasArg {
		return p.set(o, "")
	}
	if len(p.words) == 0 || p.isOption(p.words[0]) {
		return fmt.Errorf("missing argument for option: -%s", o.Short)
	}
	value := p.words[0]
	p.words = p.words[1:]
	return p.set(o, value)
}

// isOption tells whether a word is read as an option, not as a value.
func (p *parser) isOption(word string) bool {
	if len(word) < 2 || word[0] != '-' {
		return false
	}
	_, ok := p.command.option(strings.TrimLeft(word, "-"))
	return ok || word[1] != '-' && p.isCluster(word)
}

// set keeps the first value of o, once it is one that o takes.
func (p *parser) set(o Option, value string) error {
	value = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`))
	switch {
	case o.kind == int64Number || o.kind == int32Number:
		bits := map[kind]int{int64Number: 64, int32Number: 32}[o.kind]
		if _, err := strconv.ParseInt(value, 10, bits); err != nil {
			return fmt.Errorf("option -%s (%s) takes a number, not %q", o.Short, strings.TrimSpace(o.Long), value)
		}
	case o.kind == trueOrFalse && !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false"):
		return fmt.Errorf("option -%s (%s) takes true or false, not %q", o.Short, strings.TrimSpace(o.Long), value)
	}
	if !p.args.Has(o.Short) {
		p.args[o.Short] = value
	}
	return nil
}

// check tells what is missing or too much.
func (c *Command) check(a Args) error {
	var choices, chosen, missing []string
	for _, o := range c.options() {
		switch {
		case o.Either:
			choices = append(choices, "-"+o.Short)
			if a.Has(o.Short) {
				chosen = append(chosen, "-"+o.Short)
			}
		case o.Required && !a.Has(o.Short):
			missing = append(missing, "-"+o.Short)
		}
	}
	if len(choices) > 0 && len(chosen) != 1 {
		missing = append(missing, "one of "+strings.Join(choices, " and "))
	}
	if len(missing) > 0 {
		return fmt.Errorf("missing required option: %s", strings.Join(missing, ", "))
	}
	return nil
}
