package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boostermq/booster/codec"
)

const queues = 4

// result is what one run of a load tells.
type result struct {
	messages  int64
	elapsed   time.Duration
	latencies []time.Duration // sorted; nil when not taken
}

func (r result) perSecond() float64 { return float64(r.messages) / r.elapsed.Seconds() }

func (r result) quantile(q float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	return r.latencies[min(len(r.latencies)-1, int(q*float64(len(r.latencies))))]
}

// sendTemplates builds one send frame a queue: 310, or 320 with batch > 1 messages of bodyBytes each.
func sendTemplates(topic string, bodyBytes, batch int) ([]template, error) {
	body := make([]byte, bodyBytes)
	for i := range body {
		body[i] = byte('a' + i%26)
	}
	props := "UNIQ_KEY\x017F00000100002A9F0000000000000001\x02WAIT\x01true\x02TAGS\x01TagA"
	code, payload, text := codec.SendMessageV2, body, props
	if batch > 1 {
		code, payload, text = codec.SendBatchMessage, nil, "WAIT\x01true"
		for range batch {
			payload = codec.AppendBatchItem(payload, codec.BatchItem{Body: body, Properties: props})
		}
	}
	list := make([]template, queues)
	for q := range list {
		ext := codec.Fields{{Key: "a", Value: "bench_producer"}, {Key: "b", Value: topic}, {Key: "c", Value: "TBW102"}, {Key: "d", Value: "4"},
			{Key: "e", Value: fmt.Sprint(q)}, {Key: "f", Value: "0"}, {Key: "g", Value: fmt.Sprint(time.Now().UnixMilli())}, {Key: "h", Value: "0"},
			{Key: "i", Value: text}, {Key: "j", Value: "0"}, {Key: "k", Value: "false"}, {Key: "m", Value: fmt.Sprint(batch > 1)}}
		t, err := newTemplate(&codec.Command{Code: code, Ext: ext, Body: payload})
		if err != nil {
			return nil, err
		}
		list[q] = t
	}
	return list, nil
}

// closedLoop keeps inFlight requests under way on each of conns connections for d.
func closedLoop(addr string, list []template, conns, inFlight, perRequest int, d time.Duration) (result, error) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		res   result
		first error
	)
	start := time.Now()
	for i := range conns {
		wg.Go(func() {
			n, lat, err := closedLoopConn(addr, list, i, inFlight, start.Add(d))
			mu.Lock()
			defer mu.Unlock()
			res.messages += n * int64(perRequest)
			res.latencies = append(res.latencies, lat...)
			if err != nil && first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	res.elapsed = time.Since(start)
	slices.Sort(res.latencies)
	return res, first
}

func closedLoopConn(addr string, list []template, seed, inFlight int, until time.Time) (int64, []time.Duration, error) {
	c, err := dial(addr)
	if err != nil {
		return 0, nil, err
	}
	defer c.Close()
	sent := make([]time.Time, inFlight)
	var out []byte
	now := time.Now()
	for n := range inFlight {
		out = list[(seed+n)%len(list)].appendTo(out, n)
		sent[n] = now
	}
	var count int64
	latencies := make([]time.Duration, 0, 1<<16)
	outstanding := inFlight
	for {
		if len(out) > 0 {
			if _, err := c.Write(out); err != nil {
				return count, latencies, err
			}
			out = out[:0]
		}
		for first := true; first || c.r.Buffered() > 0; first = false {
			a, err := c.read()
			if err != nil {
				return count, latencies, err
			}
			now = time.Now()
			switch a.code {
			case int(codec.Success):
				latencies = append(latencies, now.Sub(sent[a.n]))
				count++
			case int(codec.SystemBusy): // a Java broker that stood still for 200 ms; what it refused is no message
			default:
				return count, latencies, fmt.Errorf("send answered %d: %s", a.code, a.header)
			}
			if now.After(until) {
				outstanding--
				continue
			}
			sent[a.n] = now
			out = list[(seed+int(count))%len(list)].appendTo(out, a.n)
		}
		if outstanding == 0 {
			return count, latencies, nil
		}
	}
}

// openLoop sends at a fixed rate whatever the answers do; latency counts from the intended time.
func openLoop(addr string, list []template, rate int, d time.Duration, stamp func(frame []byte)) (result, error) {
	c, err := dial(addr)
	if err != nil {
		return result{}, err
	}
	defer c.Close()
	total := int(d.Seconds() * float64(rate))
	intended := make([]time.Time, total)
	latencies := make([]time.Duration, 0, total)
	done := make(chan error, 1)
	var published atomic.Int64
	go func() {
		for range total {
			a, err := c.read()
			if err == nil && a.code != int(codec.Success) {
				err = fmt.Errorf("send answered %d: %s", a.code, a.header)
			}
			if err != nil {
				done <- err
				return
			}
			published.Load() // orders the read of intended after its write
			latencies = append(latencies, time.Since(intended[a.n]))
		}
		done <- nil
	}()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return result{}, err
	}
	start := time.Now()
	var out []byte
	for n := 0; n < total; {
		due := int(time.Since(start).Seconds() * float64(rate))
		out = out[:0]
		for ; n <= due && n < total; n++ {
			intended[n] = start.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
			from := len(out)
			out = list[n%len(list)].appendTo(out, n)
			if stamp != nil {
				stamp(out[from:])
			}
		}
		published.Store(int64(n))
		if len(out) > 0 {
			if _, err := c.Write(out); err != nil {
				return result{}, err
			}
		}
		if err := pause(); err != nil {
			return result{}, err
		}
	}
	if err := <-done; err != nil {
		return result{}, err
	}
	slices.Sort(latencies)
	return result{messages: int64(total), elapsed: time.Since(start), latencies: latencies}, nil
}

// pause sleeps some 100 µs. The runtime's own timers have a grain of 1 ms, which would be seen in every latency.
func pause() error {
	t := unix.NsecToTimespec((100 * time.Microsecond).Nanoseconds())
	if err := unix.Nanosleep(&t, nil); err != nil && !errors.Is(err, unix.EINTR) {
		return err
	}
	return nil
}

// pullFrame appends a request for up to max messages of a queue.
func pullFrame(dst []byte, topic string, queue int, offset int64, max int, suspend time.Duration, n int) ([]byte, error) {
	flag := 4 // the subscription is in the header
	if suspend > 0 {
		flag |= 2
	}
	c := codec.Command{Code: codec.PullMessage, Language: codec.LanguageJava, Version: codec.CurrentVersion, Opaque: int32(opaqueBase + n),
		Header: &codec.PullMessageRequestHeader{ConsumerGroup: "bench_consumer", Topic: topic, QueueID: int32(queue), QueueOffset: offset,
			MaxMsgNums: int32(max), SysFlag: int32(flag), SuspendTimeoutMs: suspend.Milliseconds(), Subscription: "*"}}
	return codec.AppendFrame(dst, &c)
}

// pullBacklog reads each queue from its start to its end, max messages a request.
func pullBacklog(addr, topic string, max int) (result, error) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		res   result
		first error
	)
	start := time.Now()
	for q := range queues {
		wg.Go(func() {
			n, lat, err := pullQueue(addr, topic, q, max)
			mu.Lock()
			defer mu.Unlock()
			res.messages += n
			res.latencies = append(res.latencies, lat...)
			if err != nil && first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	res.elapsed = time.Since(start)
	slices.Sort(res.latencies)
	return res, first
}

func pullQueue(addr, topic string, queue, max int) (int64, []time.Duration, error) {
	c, err := dial(addr)
	if err != nil {
		return 0, nil, err
	}
	defer c.Close()
	var (
		out       []byte
		offset    int64
		count     int64
		latencies []time.Duration
	)
	for {
		if out, err = pullFrame(out[:0], topic, queue, offset, max, 0, 0); err != nil {
			return count, latencies, err
		}
		at := time.Now()
		if _, err := c.Write(out); err != nil {
			return count, latencies, err
		}
		a, err := c.read()
		if err != nil {
			return count, latencies, err
		}
		latencies = append(latencies, time.Since(at))
		if a.code != int(codec.Success) {
			return count, latencies, nil // the end of the queue
		}
		next := int64(numberAfter(a.header, `"nextBeginOffset":`))
		count += next - offset
		offset = next
	}
}

// endToEnd sends at rate while a consumer holds pulls on every queue; latency is from intended send to arrival.
func endToEnd(addr, topic string, rate int, d time.Duration) (result, error) {
	list, err := sendTemplates(topic, 128, 1)
	if err != nil {
		return result{}, err
	}
	total := int64(d.Seconds() * float64(rate))
	base := time.Now()
	arrivals := make(chan []time.Duration, queues)
	fail := make(chan error, queues)
	var got atomic.Int64
	for q := range queues {
		offset, err := maxOffset(addr, topic, q)
		if err != nil {
			return result{}, err
		}
		go func() {
			lat, err := follow(addr, topic, q, offset, base, total, &got)
			arrivals <- lat
			fail <- err
		}()
	}
	stamp := func(frame []byte) {
		binary.BigEndian.PutUint64(frame[len(frame)-8:], uint64(time.Since(base)))
	}
	res, err := openLoop(addr, list, rate, d, stamp)
	if err != nil {
		return result{}, err
	}
	res.latencies = nil
	for range queues {
		res.latencies = append(res.latencies, <-arrivals...)
		if err := <-fail; err != nil {
			return result{}, err
		}
	}
	slices.Sort(res.latencies)
	return res, nil
}

// follow holds pulls on one queue until all queues together have seen total messages.
func follow(addr, topic string, queue int, offset int64, base time.Time, total int64, got *atomic.Int64) ([]time.Duration, error) {
	c, err := dial(addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var (
		out       []byte
		latencies []time.Duration
		m         codec.Message
	)
	for got.Load() < total {
		if out, err = pullFrame(out[:0], topic, queue, offset, 32, time.Second, 0); err != nil {
			return nil, err
		}
		if _, err := c.Write(out); err != nil {
			return nil, err
		}
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			return nil, err
		}
		a, err := c.read()
		if err != nil {
			return nil, err
		}
		now := time.Since(base)
		offset = int64(numberAfter(a.header, `"nextBeginOffset":`))
		for b := a.body; a.code == int(codec.Success) && len(b) > 0; {
			n, err := codec.DecodeRecord(b, &m, codec.DecodeOptions{})
			if err != nil {
				return nil, err
			}
			sent := time.Duration(binary.BigEndian.Uint64(m.Body[len(m.Body)-8:]))
			latencies = append(latencies, now-sent)
			got.Add(1)
			b = b[n:]
		}
	}
	return latencies, nil
}

func maxOffset(addr, topic string, queue int) (int64, error) {
	c, err := dial(addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	t, err := newTemplate(&codec.Command{Code: codec.GetMaxOffset, Ext: codec.Fields{{Key: "topic", Value: topic}, {Key: "queueId", Value: fmt.Sprint(queue)}}})
	if err != nil {
		return 0, err
	}
	if _, err := c.Write(t.appendTo(nil, 0)); err != nil {
		return 0, err
	}
	a, err := c.read()
	if err != nil {
		return 0, err
	}
	if a.code != int(codec.Success) {
		return 0, fmt.Errorf("max offset answered %d: %s", a.code, a.header)
	}
	return int64(numberAfter(a.header, `"offset":`)), nil
}
