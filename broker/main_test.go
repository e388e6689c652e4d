package broker

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain: whatever a broker started ends with it. gnet keeps a goroutine pool
// for the whole process.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
}
