package interop

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/freeport"
	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
	"github.com/boostermq/booster/interop/internal/engine"
	"github.com/boostermq/booster/interop/internal/javaenv"
)

const (
	dockerImage = "booster:interop"
	clientImage = "booster-client:interop"
	// the names for the Kubernetes operator, one for each role
	operatorBrokerImage  = "booster-broker:interop"
	operatorNamesrvImage = "booster-nameserver:interop"
	maxImageBytes        = 25 << 20
	// goInContainer is the Go client in a container of the compose project.
	goInContainer = "go-2.1.2-container"
)

// TestDocker: the image, called with the command lines people have for RocketMQ's, serves official clients outside and inside
// of containers. What is not parallel runs before everything that is: the ports of this machine are its own meanwhile.
func TestDocker(t *testing.T) {
	if suite.kind != cluster.Booster {
		t.Skip("it is Booster's image")
	}
	e, err := engine.Start(scenarioDir(t, "engine"))
	if errors.Is(err, engine.ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip("NOT TESTED: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Stop()) })
	buildImages(t, e)
	t.Run("run", func(t *testing.T) { dockerRun(t, e) })
	t.Run("ordinary user", func(t *testing.T) { dockerUser(t, e) })
	t.Run("try scripts", func(t *testing.T) { dockerTryScripts(t, e) })
	t.Run("operator", func(t *testing.T) { dockerOperator(t, e) })
	t.Run("compose", func(t *testing.T) { dockerCompose(t, e) })
}

func buildImages(t *testing.T, e *engine.Engine) {
	t.Helper()
	root, err := javaenv.Root()
	require.NoError(t, err)
	build := exec.Command("sh", "compat/dist/build.sh", "image", "interop")
	build.Dir = root
	_, err = e.Run(build)
	require.NoError(t, err)
	size, err := strconv.Atoi(docker(t, e, "image", "inspect", "--format", "{{.Size}}", dockerImage))
	require.NoError(t, err)
	require.Less(t, size, maxImageBytes)
	t.Logf("%s has %.1f MB", dockerImage, float64(size)/1e6)

	program, err := agent.GoProgram()
	require.NoError(t, err)
	context := t.TempDir()
	require.NoError(t, os.Link(program, filepath.Join(context, "goclient")))
	require.NoError(t, os.WriteFile(filepath.Join(context, "Dockerfile"), []byte("FROM scratch\nCOPY goclient /\nENV HOME=/ ROCKETMQ_GO_LOG_LEVEL=warn\nENTRYPOINT [\"/goclient\"]\n"), 0o644))
	docker(t, e, "build", "--quiet", "--tag", clientImage, context)
}

func docker(t *testing.T, e *engine.Engine, args ...string) string {
	t.Helper()
	out, err := e.Docker(args...)
	require.NoError(t, err)
	return out
}

// startContainer runs a container that goes with the test; its log is shown when the test failed.
func startContainer(t *testing.T, e *engine.Engine, name string, args ...string) {
	t.Helper()
	docker(t, e, append([]string{"run", "-d", "--name", name, "--health-interval", "1s"}, args...)...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(name, docker(t, e, "logs", name))
		}
		docker(t, e, "rm", "--force", "--volumes", name)
	})
	awaitHealthy(t, e, name)
}

func awaitHealthy(t *testing.T, e *engine.Engine, name string) {
	t.Helper()
	eventually(t, name+" is healthy", func() bool {
		state := docker(t, e, "inspect", "--format", "{{.State.Status}} {{.State.Health.Status}}", name)
		require.True(t, strings.HasPrefix(state, "running "), "%s: %s\n%s", name, state, state)
		return state == "running healthy"
	})
}

// dockerRun: the two documented docker run lines of rocketmqinc/rocketmq:4.4.0, word for word but for the ports.
func dockerRun(t *testing.T, e *engine.Engine) {
	nsPort, err := freeport.Find()
	require.NoError(t, err)
	port, err := freeport.Find()
	require.NoError(t, err)
	dir := t.TempDir()
	conf := filepath.Join(dir, "broker.conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, "brokerName=broker-a\nbrokerIP1=127.0.0.1\nlistenPort=%d\n", port), 0o644))
	publish := func(p int) string { return fmt.Sprintf("127.0.0.1:%d:%d", p, p) }

	startContainer(t, e, "rmqnamesrv", "-p", fmt.Sprintf("127.0.0.1:%d:9876", nsPort), "-v", dir+"/ns/logs:/root/logs", "-v", dir+"/ns/store:/root/store",
		"-e", "MAX_POSSIBLE_HEAP=100000000", dockerImage, "sh", "mqnamesrv")
	startContainer(t, e, "rmqbroker", "-p", publish(port), "-p", publish(port-2), "-v", dir+"/logs:/root/logs", "-v", dir+"/store:/root/store",
		"-v", conf+":/opt/rocketmq-4.4.0/conf/broker.conf", "--link", "rmqnamesrv:namesrv", "-e", "NAMESRV_ADDR=namesrv:9876",
		"-e", "MAX_POSSIBLE_HEAP=200000000", dockerImage, "sh", "mqbroker", "-c", "/opt/rocketmq-4.4.0/conf/broker.conf")
	log := docker(t, e, "logs", "rmqbroker")
	require.Contains(t, log, fmt.Sprintf("The broker[broker-a, 127.0.0.1:%d] boot success. serializeType=JSON and name server is namesrv:9876", port))
	require.Contains(t, log, "memory limit 190 MiB (MAX_POSSIBLE_HEAP=200000000)")

	namesrv := freeport.Addr(nsPort)
	for _, kind := range []string{agent.Java440, agent.Java497} { // 4.4.0 sends to the VIP port
		requireRoundTrip(t, kind, namesrv)
	}
	require.FileExists(t, dir+"/store/config/topics.json")
	require.DirExists(t, dir+"/logs/rocketmqlogs")
	require.Contains(t, docker(t, e, "exec", "rmqbroker", "bash", "-c", "echo $ROCKETMQ_HOME; readlink /proc/1/exe"), "/bin/booster", "PID 1 is the program")

	said := docker(t, e, "exec", "rmqbroker", "sh", "./tools.sh", "org.apache.rocketmq.example.quickstart.Producer")
	require.Equal(t, 1000, strings.Count(said, "SendResult [sendStatus=SEND_OK, msgId="), said)

	topic := newTopic(t, namesrv, "Kept", 4)
	sent := startProducer(t, agent.Java497, namesrv, nil).send(agent.Args{"topic": topic, "text": "%d", "count": 8})
	docker(t, e, "stop", "--time", "10", "rmqbroker")
	require.Equal(t, "0", docker(t, e, "inspect", "--format", "{{.State.ExitCode}}", "rmqbroker"), "a clean stop")
	require.NoFileExists(t, dir+"/store/abort")
	docker(t, e, "start", "rmqbroker")
	awaitHealthy(t, e, "rmqbroker")
	requireDelivered(t, sent, startConsumer(t, agent.Java497, namesrv, agent.Args{"topic": topic}).awaitAndStop(8))
}

// dockerUser: the user of the later images, on a fresh volume, and a limit of memory that nobody but the engine knows.
func dockerUser(t *testing.T, e *engine.Engine) {
	startContainer(t, e, "rmquser", "--user", "3000:3000", "--memory", "512m", "-v", "/home/rocketmq/store", "-v", "/home/rocketmq/logs",
		"-e", "NODE_ROLE=broker", dockerImage, "broker", "-c", "../conf/broker.conf")
	require.Contains(t, docker(t, e, "logs", "rmquser"), "memory limit 460 MiB (90 % of the control group's 512 MiB)")
	require.Equal(t, "3000", docker(t, e, "exec", "rmquser", "stat", "-c", "%u", "/root/store/checkpoint"))
	require.Contains(t, docker(t, e, "exec", "rmquser", "sh", "mqshutdown", "broker"), "Send shutdown request to mqbroker(1) OK")
	eventually(t, "the end of the container", func() bool {
		return docker(t, e, "inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "rmquser") == "exited 0"
	})
}

// dockerTryScripts: the script that starts a master and a slave, where its ports are free: both are registered, and stop
// with the name server when it is asked to stop them; and play.sh.
func dockerTryScripts(t *testing.T, e *engine.Engine) {
	const script = "sh masterslave/fast-try.sh "
	startContainer(t, e, "masterslave", dockerImage, "sh", "-c", script+"start; exec sleep 600")
	eventually(t, "master and slave are one broker", func() bool {
		said := docker(t, e, "exec", "masterslave", "sh", "mqadmin", "clusterList", "-n", "127.0.0.1:9876")
		return regexp.MustCompile(`broker-a +0 +\S+:10911 (.|\n)*broker-a +1 +\S+:11911 `).MatchString(said)
	})
	require.Contains(t, docker(t, e, "exec", "masterslave", "sh", "-c", script+"start; true"), "Already started; stop first.")
	said := docker(t, e, "exec", "masterslave", "sh", "-c", script+"stop")
	for _, name := range []string{"namesrv", "broker-a", "broker-a-s"} {
		require.Contains(t, said, name+" asked to end, process ")
	}
	eventually(t, "the end of all three", func() bool {
		return strings.Contains(docker(t, e, "exec", "masterslave", "sh", "-c", "booster health 2>&1; true"), "no name server and no broker runs here")
	})

	startContainer(t, e, "play", dockerImage, "sh", "-c", "sh play.sh; exec sleep 600")
	said = docker(t, e, "logs", "play")
	require.Contains(t, said, "Start Name Server and Broker Successfully, ")
	namesrv := strings.TrimSpace(said[strings.LastIndex(said, " "):])
	eventually(t, "the broker of play.sh is registered", func() bool {
		return strings.Contains(docker(t, e, "exec", "play", "sh", "mqadmin", "clusterList", "-n", namesrv), "DefaultCluster")
	})
}

// dockerCompose: docker-compose.interop.yml. The broker finds the name server by its service name; a Java client is on this
// machine, the Go client in a container. rocketmq-client-go takes no names for name servers, so it gets the address.
func dockerCompose(t *testing.T, e *engine.Engine) {
	compose, err := e.Compose()
	require.NoError(t, err)
	root, err := javaenv.Root()
	require.NoError(t, err)
	port, err := freeport.Find()
	require.NoError(t, err)
	env := []string{"NAMESRV_PORT=" + strconv.Itoa(port), "BOOSTER_IMAGE=" + dockerImage, "CLIENT_IMAGE=" + clientImage}
	words := append(compose, "--project-name", "boosterinterop", "--file", filepath.Join(root, "docker-compose.interop.yml"))
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(words[0], append(words[1:len(words):len(words)], args...)...)
		cmd.Env = env
		out, err := e.Run(cmd)
		require.NoError(t, err)
		return out
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(run("logs", "--no-color"))
		}
		run("down", "--volumes", "--timeout", "10")
	})
	run("up", "--detach", "namesrv", "broker")
	suite.agents[goInContainer] = &lazy[*agent.Agent]{make: func() (*agent.Agent, error) {
		return agent.StartGoIn(goInContainer, suite.dir, append(words[:len(words):len(words)], "run", "--rm", "-T", "client"), e.Environ(env...))
	}}
	t.Cleanup(func() {
		client(t, goInContainer).Close()
		delete(suite.agents, goInContainer)
	})
	namesrv := freeport.Addr(port)
	inside := docker(t, e, "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", run("ps", "-q", "namesrv")) + ":9876"
	topic := newTopic(t, namesrv, "Compose", 4) // Java, through the published port
	args := agent.Args{"topic": topic, "text": "%d", "count": 8}
	sent := startProducer(t, goInContainer, inside, nil).send(args)
	requireDelivered(t, sent, startConsumer(t, agent.Java497, namesrv, agent.Args{"topic": topic}).awaitAndStop(8))
	more := startProducer(t, agent.Java497, namesrv, nil).send(args)
	requireDelivered(t, append(sent, more...), startConsumer(t, goInContainer, inside, agent.Args{"topic": topic}).awaitAndStop(16))
}
