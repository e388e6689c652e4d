package command

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// usageWidth is where lines of usage are broken, as in Java.
const usageWidth = 110

// listCommands writes what mqadmin says without arguments: what Java's says, and then the extras.
func listCommands(w io.Writer) {
	fmt.Fprintln(w, "The most commonly used mqadmin commands are:")
	list := func(commands []*Command) {
		for _, c := range commands {
			fmt.Fprintf(w, "   %-20s %s\n", c.Name, c.Text)
		}
	}
	list(table)
	fmt.Fprintln(w, "\nSee 'mqadmin help <command>' for more information on a specific command.")
	fmt.Fprintln(w, "\nCommands that only Booster's mqadmin has:")
	list(extras)
}

// writeUsage writes the usage of c in the layout of commons-cli 1.2.
func (c *Command) writeUsage(w io.Writer) {
	options := c.options()
	slices.SortFunc(options, func(x, y Option) int { return strings.Compare(x.Short, y.Short) })
	head := "usage: mqadmin " + c.Name + " "
	for i := range options {
		head += headOf(options, i) + " "
	}
	writeWrapped(w, strings.TrimRight(head, " "), len("usage: "))
	names, width := make([]string, len(options)), 0
	for i, o := range options {
		names[i] = " -" + o.Short + ",--" + o.Long
		if o.HasArg {
			names[i] += " <arg>"
		}
		width = max(width, len(names[i]))
	}
	for i, o := range options {
		writeWrapped(w, fmt.Sprintf("%-*s   %s", width, names[i], o.Text), width+3)
	}
}

// headOf is options[i] in the first line of a usage. The options to choose from
// stand together where the first of them stands; the others leave a blank.
func headOf(options []Option, i int) string {
	o := options[i]
	text := "-" + o.Short
	if o.HasArg {
		text += " <arg>"
	}
	switch {
	case o.Either && slices.IndexFunc(options, func(o Option) bool { return o.Either }) < i:
		return ""
	case o.Either:
		for _, other := range options[i+1:] {
			if other.Either {
				text += " | -" + other.Short + " <arg>"
			}
		}
		return text
	case o.Required:
		return text
	}
	return "[" + text + "]"
}

// writeWrapped breaks text at blanks; all lines but the first are indented.
func writeWrapped(w io.Writer, text string, indent int) {
	for len(text) > usageWidth {
		cut := strings.LastIndexByte(text[:usageWidth+1], ' ')
		if cut <= indent {
			break
		}
		fmt.Fprintln(w, strings.TrimRight(text[:cut], " "))
		text = strings.Repeat(" ", indent) + strings.TrimSpace(text[cut:])
	}
	fmt.Fprintln(w, strings.TrimRight(text, " "))
}
