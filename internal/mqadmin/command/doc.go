// Package command is mqadmin: the sub-commands of RocketMQ 4.9.8 with the same
// names, options and output, and what they ask of package mqadmin.
//
// A command prints to standard output what Java's prints there; scripts parse
// it. Where Java's order is that of a hash table, ours is sorted. What goes
// wrong is one sentence on standard error and status 1; Java prints a stack
// trace and ends with 0.
//
// To add a command: a *Command with its options and Run in the file of its
// noun, a row in table.go, its recorded output in testdata/output and a case in
// golden_test.go.
//
// Reading order: command.go, table.go, parse.go, usage.go, run.go, output.go;
// then any command.
package command
