package command

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGroupSession: the recorded calls on consumer groups, against Booster.
func TestGroupSession(t *testing.T) {
	b := startBooster(t, false)
	b.golden("updateSubGroup")
	b.golden("getConsumerConfig")
	b.golden("updateSubGroup-b")
	changed := b.run("updateSubGroup", "-b", brokerAddr, "-g", "AdmGroupB", "-s", "false", "-m", "true", "-d", "true", "-i", "2", "-w", "3", "-a", "false", "-n", nsAddr)
	require.Zero(t, changed.status, changed.err)
	require.Equal(t, "=============================DefaultCluster:broker-a=============================\n"+
		"groupName                               =  AdmGroupB\n"+
		"consumeEnable                           =  false\n"+
		"consumeFromMinEnable                    =  true\n"+
		"consumeBroadcastEnable                  =  true\n"+
		"retryQueueNums                          =  1\n"+
		"retryMaxTimes                           =  16\n"+
		"brokerId                                =  2\n"+
		"whichBrokerWhenConsumeSlowly            =  3\n"+
		"notifyConsumerIdsChangedEnable          =  false\n",
		b.run("getConsumerConfig", "-g", "AdmGroupB", "-n", nsAddr).out)
	b.golden("deleteSubGroup-r")
	b.golden("deleteSubGroup")
	for _, group := range []string{"AdmGroup", "AdmGroupB"} {
		got := b.run("getConsumerConfig", "-g", group, "-n", nsAddr)
		require.Equal(t, result{err: "mqadmin getConsumerConfig: no broker has group " + group + "\n", status: 1}, got)
	}
	require.Contains(t, b.run("updateSubGroup", "-g", "G", "-n", nsAddr).out, "usage: mqadmin updateSubGroup")
	require.Contains(t, b.run("updateSubGroup", "-g", "G", "-c", "NoSuch", "-n", nsAddr).err, "cluster NoSuch does not exist")
	require.Contains(t, b.run("updateSubGroup", "-g", "G", "-b", brokerAddr, "-r", "x", "-n", nsAddr).err, `option -r (retryMaxTimes) takes a number, not "x"`)
	require.Contains(t, b.run("deleteSubGroup", "-g", "G", "-n", nsAddr).out, "usage: mqadmin deleteSubGroup")
}
