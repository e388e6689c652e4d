package broker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// browser is a headless Chromium.
type browser struct {
	t    *testing.T
	path string
	base string // of the page
}

// newBrowser skips when the machine has no Chromium; in CI that is a failure.
func newBrowser(t *testing.T, b *Controller) *browser {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return &browser{t: t, path: path, base: "http://" + b.HTTPAddr() + "/"}
		}
	}
	const missing = "no Chromium here: the page is not tested (apt-get install chromium)"
	require.NotEqual(t, "true", os.Getenv("CI"), missing)
	t.Skip(missing)
	return nil
}

func (b *browser) run(args ...string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 90*time.Second)
	defer cancel()
	profile := filepath.Join(b.t.TempDir(), "profile")
	args = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en-US",
		"--virtual-time-budget=6000", "--user-data-dir=" + profile,
	}, args...)
	cmd := exec.CommandContext(ctx, b.path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = 5 * time.Second
	require.NoError(b.t, cmd.Run(), errs.String())
	return out.String()
}

// dom is the document at an address after its script ran.
func (b *browser) dom(hash string) string {
	b.t.Helper()
	text := b.run("--dump-dom", b.base+hash)
	require.Contains(b.t, text, `data-ready="yes"`, "the script did not come to its end")
	require.NotContains(b.t, text, "[object ", "a node became text")
	require.NotContains(b.t, text, "undefined")
	return text
}

// screenshot is a picture of an address; BOOSTER_SCREENSHOTS names a folder that keeps them.
func (b *browser) screenshot(name, hash string, width, height int, more ...string) {
	b.t.Helper()
	dir := os.Getenv("BOOSTER_SCREENSHOTS")
	if dir == "" {
		dir = b.t.TempDir()
	}
	path := filepath.Join(dir, name+".png")
	b.run(append(more, "--screenshot="+path, fmt.Sprintf("--window-size=%d,%d", width, height), b.base+hash)...)
	data, err := os.ReadFile(path)
	require.NoError(b.t, err)
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(b.t, err)
	colours := map[string]bool{}
	for x := 0; x < img.Bounds().Dx(); x += 7 {
		for y := 0; y < img.Bounds().Dy(); y += 7 {
			r, g, bl, _ := img.At(x, y).RGBA()
			colours[fmt.Sprint(r>>12, g>>12, bl>>12)] = true
		}
	}
	require.Greater(b.t, len(colours), 5, "%s shows something", name)
}

// tileValue is the number on a tile.
func tileValue(t *testing.T, dom, label string) string {
	t.Helper()
	m := regexp.MustCompile(`data-tile="` + label + `".*?data-value="([^"]*)"`).FindStringSubmatch(dom)
	require.NotNil(t, m, "tile %s", label)
	return m[1]
}

// rowValues are the numbers of a table's row.
func rowValues(t *testing.T, dom, table, key string) (values []string) {
	t.Helper()
	_, rest, found := strings.Cut(dom, `data-table="`+table+`"`)
	require.True(t, found, "table %s", table)
	rest, _, _ = strings.Cut(rest, "</table>")
	_, row, found := strings.Cut(rest, `<tr data-key="`+key+`">`)
	require.True(t, found, "row %s of %s", key, table)
	row, _, _ = strings.Cut(row, "</tr>")
	for _, m := range regexp.MustCompile(`data-value="([^"]*)"`).FindAllStringSubmatch(row, -1) {
		values = append(values, m[1])
	}
	return values
}

// hostile is what must stay text wherever it is shown.
const hostile = `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>"&'`

// TestPage: the true numbers stand on the page, in a real browser, and nothing
// from outside becomes markup.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	t.Parallel()
	b, consumer := workedBroker(t, nil)
	requireAnswer(t, consumer.do(codec.HeartBeat, nil, heartbeatBody(t, hostile, consumerOf("hostile-group", "T1"))), codec.Success, "")
	consumer.commit("hostile-group", "T1", 0, 10)
	h := sendHeader("T-hostile")
	h.Properties = "UNIQ_KEY\x010A0000010000AAAA00000000000000EE\x02KEYS\x01order-1 <b>2</b>\x02TAGS\x01<i>tag</i>\x02" + hostile + "\x01" + hostile
	requireAnswer(t, dial(t, b).sendV2(h, "body "+hostile), codec.Success, "")
	messageAt(t, b, "T-hostile", 0, 0)
	page := newBrowser(t, b)

	dom := page.dom("")
	require.Contains(t, dom, "SpecC")
	require.Equal(t, "14", tileValue(t, dom, "Messages in"), "10 and the hostile one, and three dead letters")
	require.Equal(t, "10", tileValue(t, dom, "Messages out"))
	require.Equal(t, "6", tileValue(t, dom, "Not consumed"), "4 of cg, 2 of dead-reader")
	require.Equal(t, "3", tileValue(t, dom, "Dead letters"))
	require.Equal(t, "3", tileValue(t, dom, "Groups online"))
	require.Contains(t, dom, `class="state good"`)

	require.Equal(t, []string{"4", "10"}, rowValues(t, page.dom("#/topics"), "topics", "T1")[:2], "queues, messages")
	dom = page.dom("#/topic/T1")
	require.Equal(t, "10", tileValue(t, dom, "Messages kept"))
	require.Equal(t, []string{"0", "10", "10"}, rowValues(t, dom, "queues", "0"))
	require.Equal(t, "4", rowValues(t, dom, "readers", "cg")[0])
	require.Equal(t, []string{"1", "4"}, rowValues(t, page.dom("#/groups"), "groups", "cg")[:2], "clients, lag")
	dom = page.dom("#/group/cg")
	require.Equal(t, "4", tileValue(t, dom, "Not consumed"))
	require.Equal(t, []string{"6", "10", "4"}, rowValues(t, dom, "lag T1", "0"), "consumed, end, lag")
	require.Equal(t, []string{"0", "0", "0"}, rowValues(t, dom, "lag T1", "1"))
	require.Equal(t, []string{"3", "3"}, rowValues(t, page.dom("#/dlq"), "dlq", "cg"))
	dom = page.dom("#/messages?topic=%25DLQ%25cg&queue=0")
	require.Equal(t, 3, strings.Count(dom, `class="card message"`))
	require.Contains(t, dom, ">hello2<")

	for name, hash := range map[string]string{
		"by key": "#/messages?topic=T-hostile&key=order-1", "by id": "#/messages?topic=T-hostile&id=0A0000010000AAAA00000000000000EE",
		"a client's id": "#/group/hostile-group", "in the address": "#/topic/" + url.PathEscape(hostile),
	} {
		dom := page.dom(hash)
		require.NotContains(t, dom, "<img", name)
		require.NotContains(t, dom, "<b>2", name)
		require.NotContains(t, dom, "<script>", name)
		require.NotContains(t, dom, "<title>pwned", name)
		if strings.HasPrefix(name, "by") || name == "a client's id" {
			require.Contains(t, dom, "&lt;img src=x onerror=", name)
		}
	}
}

// TestPagePictures looks at a busier broker, light, dark and narrow.
func TestPagePictures(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	t.Parallel()
	b := startBroker(t, func(c *Config) {
		withHTTP(c)
		c.Broker.BrokerClusterName, c.Broker.BrokerName = "shop", "broker-a"
	})
	page := newBrowser(t, b)
	workShop(t, b)
	require.Eventually(t, func() bool { return scrape(t, b).value("rocketmq_broker_tps") > 0 }, 25*time.Second, 500*time.Millisecond)

	const dark = "--blink-settings=preferredColorScheme=0"
	page.screenshot("overview", "", 1200, 860)
	page.screenshot("overview-dark", "", 1200, 860, dark)
	page.screenshot("overview-narrow", "", 500, 1300)
	page.screenshot("topics", "#/topics", 1200, 700)
	page.screenshot("topic-dark", "#/topic/orders", 1200, 900, dark)
	page.screenshot("groups", "#/groups", 1200, 700)
	page.screenshot("groups-narrow", "#/groups", 500, 1100)
	page.screenshot("group", "#/group/reporting", 1200, 900)
	page.screenshot("group-narrow-dark", "#/group/mailer", 500, 1300, dark)
	page.screenshot("messages", "#/messages?topic=orders&key=orders-7", 1200, 800)
	page.screenshot("messages-queue-narrow", "#/messages?topic=orders&queue=1", 500, 1200)
	page.screenshot("dlq-dark", "#/dlq", 1200, 500, dark)
}

// workShop fills topics, lets groups read some of them and goes on sending and
// reading a little until the test ends.
func workShop(t *testing.T, b *Controller) {
	t.Helper()
	p := dial(t, b)
	for i, topic := range []string{"orders", "payments", "shipments", "stock-levels", "customer-mails", "audit"} {
		for n := range 40 + 30*i {
			requireAnswer(t, p.sendV2(shopHeader(topic, n), shopBody(topic, n)), codec.Success, "")
		}
		messageAt(t, b, topic, 3, 9)
	}
	for i, group := range []string{"billing", "warehouse", "mailer", "reporting"} {
		c := dial(t, b)
		topics := []string{"orders", "payments", "shipments", "audit"}[:i%3+1]
		beat := heartbeatBody(t, fmt.Sprintf("10.0.0.%d@%d", i+1, 4100+i), consumerOf(group, append(topics, "%RETRY%"+group)...))
		requireAnswer(t, c.do(codec.HeartBeat, nil, beat), codec.Success, "")
		for _, topic := range topics {
			for q := range int32(4) {
				header := pullHeader(group, topic, 0)
				header.QueueID = q
				requireAnswer(t, c.do(codec.PullMessage, header, nil), codec.Success, "FOUND")
				c.commit(group, topic, q, max(0, b.store.MaxOffsetInQueue(topic, q)-int64(i*int(q))))
			}
		}
	}
	back := sendBackHeader("warehouse", b.store.CommitLogOffsetInQueue("orders", 0, 0))
	back.DelayLevel = -1
	requireAnswer(t, p.sendBack(back), codec.Success, "")
	p.commit("old-importer", "orders", 0, 2)

	stop := make(chan struct{})
	var working sync.WaitGroup
	working.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			for range 1 + n/50%7 {
				p.sendV2(shopHeader("stock-levels", n), shopBody("stock-levels", n))
			}
			header := pullHeader("billing", "stock-levels", max(0, b.store.MaxOffsetInQueue("stock-levels", 0)-int64(1+n/90%4)))
			p.do(codec.PullMessage, header, nil)
		}
	})
	t.Cleanup(func() { close(stop); working.Wait() })
}

func shopHeader(topic string, n int) *codec.SendMessageRequestHeader {
	h := sendHeader(topic)
	h.QueueID = int32(n % 4)
	h.Properties = fmt.Sprintf("UNIQ_KEY\x010A00000100001111222200000000%04X\x02KEYS\x01%s-%d\x02TAGS\x01created", n, topic, n)
	return h
}

func shopBody(topic string, n int) string {
	return fmt.Sprintf(`{"id": %d, "kind": "%s", "customer": "Zoë Müller", "total": 12.5}`, n, topic)
}

// apiMessages asks the page's API for messages and returns the status and their bodies.
func apiMessages(t *testing.T, b *Controller, query string) (status int, bodies []string) {
	t.Helper()
	status, text := httpGet(t, b, "/api/messages?"+query)
	var list struct {
		Items []struct{ Body struct{ Text string } }
	}
	require.NoError(t, json.Unmarshal([]byte(text), &list), text)
	for _, m := range list.Items {
		bodies = append(bodies, m.Body.Text)
	}
	return status, bodies
}

// TestPageFindsMessages: by offset id, by a client's id, by key, in a queue; what
// only has the same hash as a key is not taken for it.
func TestPageFindsMessages(t *testing.T) {
	b := startBroker(t, withHTTP)
	p := dial(t, b)
	// "Aa" and "BB" have the same hash in Java.
	for i, keys := range []string{"order-Aa extra", "order-BB"} {
		h := sendHeader("T1")
		h.Properties = "UNIQ_KEY\x01ID" + strconv.Itoa(i) + "\x02KEYS\x01" + keys
		requireAnswer(t, p.sendV2(h, keys), codec.Success, "")
	}
	second := messageAt(t, b, "T1", 0, 1)
	id := string(codec.AppendOffsetMsgID(nil, second.StoreHost, second.CommitLogOffset))
	for query, want := range map[string][]string{
		"topic=T1&key=order-Aa": {"order-Aa extra"}, "topic=T1&key=order-BB": {"order-BB"}, "topic=T1&key=extra": {"order-Aa extra"}, "topic=T1&key=order": nil,
		"id=" + id: {"order-BB"}, "id=" + strings.ToLower(id): {"order-BB"}, "topic=T1&id=ID0": {"order-Aa extra"}, "id=ID0": nil, "id=" + id[:30] + "FF": nil,
		"topic=T1&queue=0": {"order-Aa extra", "order-BB"}, "topic=T1&queue=0&offset=1": {"order-BB"}, "topic=T1&queue=0&offset=99": nil, "topic=T1&queue=1": nil,
	} {
		require.Eventually(t, func() bool {
			status, bodies := apiMessages(t, b, query)
			return status == 200 && slices.Equal(want, bodies)
		}, answerTimeout, 10*time.Millisecond, query)
	}
}

// TestPageWithACL: the page asks for no account, so it shows no messages of a
// broker that does, unless told to.
func TestPageWithACL(t *testing.T) {
	home := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(home, "conf"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(home, "conf", "plain_acl.yml"), []byte("accounts: []\n"), 0o600))
	for tell, want := range map[bool]int{false: 403, true: 200} {
		b := startBroker(t, func(c *Config) {
			withHTTP(c)
			c.Broker.RocketmqHome, c.Broker.ACLEnable, c.Booster.WebMessagesWithACL = home, true, tell
		})
		status, _ := apiMessages(t, b, "topic=TBW102&key=k")
		require.Equal(t, want, status)
		status, text := httpGet(t, b, "/api/overview")
		require.Equal(t, 200, status)
		require.Equal(t, !tell, strings.Contains(text, "webMessagesWithAcl"))
	}
}

// TestPageIsAlone: the page loads nothing from elsewhere and says so to the browser.
func TestPageIsAlone(t *testing.T) {
	b := startBroker(t, withHTTP)
	for _, file := range []string{"/", "/app.js", "/style.css"} {
		status, text := httpGet(t, b, file)
		require.Equal(t, 200, status)
		for _, address := range regexp.MustCompile(`https?://[^"' )]+`).FindAllString(text, -1) {
			require.True(t, strings.HasPrefix(address, "http://www.w3.org/"), "%s names %s", file, address)
		}
		require.NotContains(t, text, "innerHTML")
	}
	status, _ := httpGet(t, b, "/assets/app.js")
	require.Equal(t, 404, status)
	host, _, err := net.SplitHostPort(b.HTTPAddr())
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1", host, "off the network unless told")
}
