package command

import (
	"context"
	"slices"
	"strings"
)

// Command is one sub-command (Java: SubCommand).
type Command struct {
	Name    string
	Alias   string // another name, "" = none
	Text    string // what the list of commands says
	Options []Option
	Run     func(ctx context.Context, c *Call) error
}

// Option is one option of a command. Short has one letter; Long may end in a
// blank or hold one, as some of Java's do.
type Option struct {
	Short, Long, Text string
	HasArg            bool
	Required          bool
	Either            bool // one of the options with Either must be given, and only one
	kind              kind
}

// kind is what the value of an option must be.
type kind int

const (
	anyText kind = iota
	int64Number
	int32Number
	trueOrFalse
)

func required(short, long, text string) Option {
	return Option{Short: short, Long: long, Text: text, HasArg: true, Required: true}
}

func optional(short, long, text string) Option {
	return Option{Short: short, Long: long, Text: text, HasArg: true}
}

func flag(short, long, text string) Option { return Option{Short: short, Long: long, Text: text} }

func either(short, long, text string) Option {
	return Option{Short: short, Long: long, Text: text, HasArg: true, Either: true}
}

// number makes o take whole numbers only.
func (o Option) number() Option { o.kind = int64Number; return o }

// int32 makes o take whole numbers that travel as int32.
func (o Option) int32() Option { o.kind = int32Number; return o }

// boolean makes o take true and false only; Java takes everything else for false.
func (o Option) boolean() Option { o.kind = trueOrFalse; return o }

// common is what every command takes.
var common = []Option{
	flag("h", "help", "Print help"),
	optional("n", "namesrvAddr", "Name server address list, eg: '192.168.0.1:9876;192.168.0.2:9876'"),
}

// options returns all options of c; its own stand for common ones of the same letter.
func (c *Command) options() []Option {
	options := slices.Clone(c.Options)
	for _, o := range common {
		if !slices.ContainsFunc(c.Options, func(own Option) bool { return own.Short == o.Short }) {
			options = append(options, o)
		}
	}
	return options
}

// option finds an option by its short or long name.
func (c *Command) option(name string) (Option, bool) {
	for _, o := range c.options() {
		if o.Short == name || o.Long == name || strings.TrimSpace(o.Long) == name && name != "" {
			return o, true
		}
	}
	return Option{}, false
}

// find returns the command of a name, whatever its case, as in Java.
func find(name string) (*Command, bool) {
	for _, c := range slices.Concat(table, extras) {
		if strings.EqualFold(c.Name, name) || c.Alias != "" && strings.EqualFold(c.Alias, name) {
			return c, true
		}
	}
	return nil, false
}
