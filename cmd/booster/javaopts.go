package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/boostermq/booster/internal/properties"
)

// javaOptions is what the environment tells a JVM and what means something
// here: system properties and the size of the heap. Everything else that tunes
// a JVM is passed over.
type javaOptions struct {
	properties map[string]string // -Dkey=value; the last one wins
	maxHeap    int64             // bytes; 0 = not said
	heapSource string            // who said maxHeap
	wrongHeap  string            // what was said as one and is no size
}

// readJavaOptions reads the variables that RocketMQ's scripts put on the
// command line of a JVM, in their order: a later one wins.
func readJavaOptions(getenv func(string) string) javaOptions {
	o := javaOptions{properties: map[string]string{}}
	o.add("JAVA_OPT", getenv("JAVA_OPT"))
	if bytes := getenv("MAX_POSSIBLE_HEAP"); bytes != "" {
		o.add("MAX_POSSIBLE_HEAP="+bytes, "-Xmx"+bytes)
	}
	o.add("BROKER_MEM", getenv("BROKER_MEM")) // of the Kubernetes operator
	o.add("JAVA_OPT_EXT", getenv("JAVA_OPT_EXT"))
	return o
}

func (o *javaOptions) add(source, text string) {
	for _, option := range strings.Fields(text) {
		if size, ok := strings.CutPrefix(option, "-Xmx"); ok {
			said := source
			if !strings.Contains(source, "=") {
				said = option + " in " + source
			}
			if bytes, ok := parseHeapSize(size); ok {
				o.maxHeap, o.heapSource = bytes, said
			} else {
				o.wrongHeap = said
			}
		} else if pair, ok := strings.CutPrefix(option, "-D"); ok {
			key, value, _ := strings.Cut(pair, "=")
			o.properties[key] = value
		}
	}
}

// property returns the value of a system property; "" = not set.
func (o *javaOptions) property(key string) string { return o.properties[key] }

// lockMaxLiveTime is how long the queue locks of orderly consumers live, in ms.
const lockMaxLiveTime = "rocketmq.broker.rebalance.lockMaxLiveTime"

// lockMaxLive is the value of lockMaxLiveTime, 0 when it is not set.
func (o *javaOptions) lockMaxLive() (time.Duration, error) {
	text := o.property(lockMaxLiveTime)
	if text == "" {
		return 0, nil
	}
	ms, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("-D%s: %w", lockMaxLiveTime, err)
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// parseHeapSize reads a JVM's size: bytes, or a number with k, m, g or t.
func parseHeapSize(text string) (bytes int64, ok bool) {
	number := strings.TrimRight(text, "kKmMgGtT")
	shift := 0
	if unit := text[len(number):]; unit != "" {
		if len(unit) > 1 {
			return 0, false
		}
		shift = 10 * (1 + strings.Index("kmgt", strings.ToLower(unit)))
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > 1<<62>>shift {
		return 0, false
	}
	return n << shift, true
}

// propertyVariables are the system properties that have an environment
// variable as their fallback, in Java or by nature.
var propertyVariables = map[string]string{
	"user.home":               "HOME",
	"rocketmq.home.dir":       "ROCKETMQ_HOME",
	"rocketmq.namesrv.addr":   "NAMESRV_ADDR",
	"rocketmq.acl.plain.file": "", // read where the broker is made, as is
	lockMaxLiveTime:           "",
}

// propertyKeys are the system properties that give a setting its default.
var propertyKeys = map[string][]string{
	"com.rocketmq.remoting.socket.sndbuf.size":                {"serverSocketSndBufSize", "clientSocketSndBufSize"},
	"com.rocketmq.remoting.socket.rcvbuf.size":                {"serverSocketRcvBufSize", "clientSocketRcvBufSize"},
	"com.rocketmq.remoting.socket.backlog":                    {"serverSocketBacklog"},
	"com.rocketmq.remoting.write.buffer.high.water.mark":      {"writeBufferHighWaterMark"},
	"com.rocketmq.remoting.write.buffer.low.water.mark":       {"writeBufferLowWaterMark"},
	"com.rocketmq.remoting.clientAsyncSemaphoreValue":         {"clientAsyncSemaphoreValue"},
	"com.rocketmq.remoting.clientOnewaySemaphoreValue":        {"clientOnewaySemaphoreValue"},
	"com.rocketmq.remoting.client.worker.size":                {"clientWorkerThreads"},
	"com.rocketmq.remoting.client.connect.timeout":            {"connectTimeoutMillis"},
	"com.rocketmq.remoting.client.channel.maxIdleTimeSeconds": {"clientChannelMaxIdleTimeSeconds"},
	"com.rocketmq.remoting.client.closeSocketIfTimeout":       {"clientCloseSocketIfTimeout"},
	"rocketmq.namesrv.domain":                                 {"rmqAddressServerDomain"},
	"rocketmq.namesrv.domain.subgroup":                        {"rmqAddressServerSubGroup"},
}

// adoptVariables lets system properties take the place of the environment
// variables they stand above.
func (o *javaOptions) adoptVariables() error {
	for property, variable := range propertyVariables {
		if value := o.properties[property]; value != "" && variable != "" {
			if err := os.Setenv(variable, value); err != nil {
				return fmt.Errorf("-D%s: %w", property, err)
			}
		}
	}
	return nil
}

// settings lists what the system properties set, for the file to override, and
// the properties of RocketMQ that have no effect here.
func (o *javaOptions) settings() (pairs, ignored []properties.Pair) {
	for _, p := range o.withPrefix("") {
		keys, known := propertyKeys[p.Key]
		for _, key := range keys {
			pairs = append(pairs, properties.Pair{Key: key, Value: p.Value})
		}
		_, variable := propertyVariables[p.Key]
		if !known && !variable && (strings.HasPrefix(p.Key, "rocketmq.") || strings.HasPrefix(p.Key, "com.rocketmq.")) {
			ignored = append(ignored, properties.Pair{Key: "-D" + p.Key, Value: p.Value})
		}
	}
	return pairs, ignored
}

// withPrefix lists the properties whose names begin so, by name.
func (o *javaOptions) withPrefix(prefix string) []properties.Pair {
	var pairs []properties.Pair
	for key, value := range o.properties {
		if strings.HasPrefix(key, prefix) {
			pairs = append(pairs, properties.Pair{Key: key, Value: value})
		}
	}
	sort.Slice(pairs, func(i, j int) bool { return pairs[i].Key < pairs[j].Key })
	return pairs
}
