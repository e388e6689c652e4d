// Command codes writes docs/codes.md: every request code of RocketMQ 4.9.8,
// who answers it there and which handler does here. It puts the route tables of
// broker and name server beside testdata/request-codes.tsv, which holds what
// 4.9.8 does; its test fails when a code is missing or the page is stale.
//
//go:generate go run . -o ../../docs/codes.md
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"github.com/boostermq/booster/broker"
	"github.com/boostermq/booster/namesrv"
	"github.com/boostermq/booster/remoting"
)

//go:embed testdata/request-codes.tsv
var factsText string

// fact is what RocketMQ says of a code. Since 4.4.0 means: not later than that.
type fact struct {
	code    int32
	name    string
	servers []string // of 4.9.8: "broker", "broker main port", "name server", "client"; none = nobody
	since   string   // "-" = declared only
	until   string   // "-" = still
}

func main() {
	out := flag.String("o", "docs/codes.md", "file to write")
	flag.Parse()
	page, err := render()
	if err == nil {
		err = os.WriteFile(*out, page, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "codes:", err)
		os.Exit(1)
	}
}

// facts reads the table of RocketMQ's codes.
func facts() ([]fact, error) {
	lines := strings.Split(strings.TrimSpace(factsText), "\n")
	var all []fact
	for i, line := range lines[1:] {
		cells := strings.Split(line, "\t")
		code, err := strconv.ParseInt(cells[0], 10, 32)
		if err != nil || len(cells) != 5 {
			return nil, fmt.Errorf("request-codes.tsv, line %d: want code, name, servers, since and until", i+2)
		}
		f := fact{code: int32(code), name: cells[1], since: cells[3], until: cells[4]}
		if cells[2] != "-" {
			f.servers = strings.Split(cells[2], ", ")
		}
		all = append(all, f)
	}
	return all, nil
}

// table is the route table of one server.
type table struct {
	server string
	codes  map[int32]string // code → handler
}

func tables() []table {
	main, fast := broker.RouteTables()
	return []table{{"broker, main port", handlers(main)}, {"broker, fast port", handlers(fast)}, {"name server", handlers(namesrv.RouteTable())}}
}

func handlers(routes *remoting.RouteTable) map[int32]string {
	byCode := map[int32]string{}
	for _, r := range routes.Routes() {
		byCode[r.Code] = handlerName(r.Process)
	}
	return byCode
}

// handlerName is package, type and method of a processor.
func handlerName(p remoting.Processor) string {
	name := runtime.FuncForPC(reflect.ValueOf(p).Pointer()).Name()
	name = strings.TrimSuffix(name[strings.LastIndex(name, "/")+1:], "-fm")
	return strings.NewReplacer("(*", "", ")", "").Replace(name)
}
