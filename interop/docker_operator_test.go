package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/engine"
	"github.com/boostermq/booster/remoting"
)

const (
	operatorNetwork = "booster-operator"
	operatorSubnet  = "198.18.77.0/24" // of the range for tests of networks
	operatorNamesrv = "198.18.77.9"
	operatorMaster  = "198.18.77.10"
	operatorReplica = "198.18.77.11"
)

// dockerOperator: the containers that RocketMQ's Kubernetes operator makes of a NameService and of a Broker with one replica
// per group: its images' names and no command, its variables, its three mounts, its commands in a container.
func dockerOperator(t *testing.T, e *engine.Engine) {
	docker(t, e, "network", "create", "--subnet", operatorSubnet, operatorNetwork)
	t.Cleanup(func() { docker(t, e, "network", "rm", operatorNetwork) })
	dir := t.TempDir()
	common := filepath.Join(dir, "broker-common.conf")
	require.NoError(t, os.WriteFile(common, []byte("deleteWhen=04\nfileReservedTime=48\nflushDiskType=ASYNC_FLUSH\nbrokerRole=ASYNC_MASTER\n"), 0o644))

	startContainer(t, e, "op-namesrv", "--network", operatorNetwork, "--ip", operatorNamesrv, "-v", dir+"/namesrv/logs:/root/logs", operatorNamesrvImage)
	brokers := []struct{ name, ip, id, folder string }{
		{"op-master", operatorMaster, "0", "broker-0-master"}, {"op-replica", operatorReplica, "1", "broker-0-replica-1"}}
	for _, b := range brokers {
		startContainer(t, e, b.name, "--network", operatorNetwork, "--ip", b.ip,
			"-v", dir+"/logs/"+b.folder+":/root/logs", "-v", dir+"/store/"+b.folder+":/root/store", "-v", common+":/root/rocketmq/broker/conf/broker-common.conf",
			"-e", "NAMESRV_ADDR="+operatorNamesrv+":9876;", "-e", "BROKER_ID="+b.id, "-e", "BROKER_CLUSTER_NAME=broker", "-e", "BROKER_NAME=broker-0",
			"-e", "POD_IP="+b.ip, "-e", "BROKER_MEM= -Xms256m -Xmx256m -Xmn128m ", operatorBrokerImage)
		log := docker(t, e, "logs", b.name)
		require.Contains(t, log, "The broker[broker-0, "+b.ip+":10911] boot success. serializeType=JSON and name server is "+operatorNamesrv+":9876;")
		require.Contains(t, log, "memory limit 256 MiB (-Xmx256m in BROKER_MEM)")
		require.Equal(t, "Initial broker", docker(t, e, "exec", b.name, "/bin/bash", "-c", "echo Initial broker"))
	}
	t.Run("clients", func(t *testing.T) { // they end here, while there are brokers to take leave of
		requireRoundTrip(t, agent.Java497, operatorNamesrv+":9876")
	})

	// What is copied to a broker that is added later: read from one container, written in another before it serves.
	topics := docker(t, e, "exec", "op-master", "cat", "/root/store/config/topics.json")
	require.Contains(t, topics, `"topicConfigTable"`)
	words := `mkdir -p /root/store/config && chmod a+rw /root/store/config && echo -e "` + strings.ReplaceAll(topics, `"`, `\"`) + `" > /root/store/config/copy.json`
	docker(t, e, "exec", "op-replica", "/bin/bash", "-c", words)
	require.JSONEq(t, topics, docker(t, e, "exec", "op-replica", "cat", "/root/store/config/copy.json"))

	client := remoting.NewClient(remoting.ClientConfig{})
	defer client.Close()
	eventually(t, "master and replica are one broker", func() bool {
		answer, err := client.Invoke(t.Context(), operatorNamesrv+":9876", &codec.Command{Code: codec.GetBrokerClusterInfo})
		require.NoError(t, err)
		return strings.Contains(string(answer.Body), `{0:"`+operatorMaster+`:10911",1:"`+operatorReplica+`:10911"}`)
	})
	for _, b := range brokers { // as a pod is ended
		docker(t, e, "stop", "--time", "10", b.name)
		require.Equal(t, "0", docker(t, e, "inspect", "--format", "{{.State.ExitCode}}", b.name))
	}
	require.FileExists(t, dir+"/store/broker-0-master/config/topics.json")
	require.DirExists(t, dir+"/logs/broker-0-master/rocketmqlogs")
}
