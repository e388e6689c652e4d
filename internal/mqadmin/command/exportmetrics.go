package command

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/boostermq/booster/codec"
)

var exportMetrics = &Command{
	Name: "exportMetrics", Text: "export metrics",
	Options: []Option{
		required("c", "clusterName", "choose a cluster to export"),
		optional("f", "filePath", "export metrics.json path | default /tmp/rocketmq/export"),
	},
	Run: runExportMetrics,
}

// metrics is what goes through a cluster and each of its masters.
type metrics struct {
	EvaluateReport map[string]brokerReport `json:"evaluateReport"`
	TotalData      struct {
		TPS    totalTPS  `json:"totalTps"`
		OneDay oneDayNum `json:"totalOneDayNum"`
	} `json:"totalData"`
}

type totalTPS struct {
	NormalIn   float64 `json:"totalNormalInTps"`
	NormalOut  float64 `json:"totalNormalOutTps"`
	TransIn    float64 `json:"totalTransInTps"`
	ScheduleIn float64 `json:"totalScheduleInTps"`
}

type oneDayNum struct {
	NormalIn   int64 `json:"normalOneDayInNum"`
	NormalOut  int64 `json:"normalOneDayOutNum"`
	TransIn    int64 `json:"transOneDayInNum"`
	ScheduleIn int64 `json:"scheduleOneDayInNum"`
}

type brokerTPS struct {
	NormalIn   float64 `json:"normalInTps"`
	NormalOut  float64 `json:"normalOutTps"`
	TransIn    float64 `json:"transInTps"`
	ScheduleIn float64 `json:"scheduleInTps"`
}

type brokerReport struct {
	RuntimeEnv struct {
		CPUs   string `json:"cpuNum,omitempty"`
		Memory string `json:"totalMemKBytes,omitempty"`
	} `json:"runtimeEnv"`
	RuntimeQuota struct {
		Disk struct {
			CommitLog    string `json:"commitLogDiskRatio,omitempty"`
			ConsumeQueue string `json:"consumeQueueDiskRatio,omitempty"`
		} `json:"diskRatio"`
		TPS         brokerTPS `json:"tps"`
		OneDay      oneDayNum `json:"oneDayNum"`
		AverageSize string    `json:"messageAverageSize,omitempty"`
		Topics      int       `json:"topicSize"`
		Groups      int       `json:"groupSize"`
	} `json:"runtimeQuota"`
	RuntimeVersion struct {
		RocketMQ string   `json:"rocketmqVersion"`
		Clients  []string `json:"clientInfo,always"`
	} `json:"runtimeVersion"`
}

func runExportMetrics(ctx context.Context, c *Call) error {
	brokers, err := c.Admin.Brokers(ctx, c.Text("c", ""))
	if err != nil {
		return err
	}
	data := metrics{EvaluateReport: map[string]brokerReport{}}
	for _, b := range brokers {
		addr, isMaster := b.BrokerAddrs[codec.MasterID]
		if !isMaster {
			continue
		}
		report, err := c.reportOf(ctx, addr)
		if err != nil {
			return err
		}
		data.EvaluateReport[b.BrokerName] = report
		tps, day, quota := &data.TotalData.TPS, &data.TotalData.OneDay, report.RuntimeQuota
		tps.NormalIn, tps.NormalOut = tps.NormalIn+quota.TPS.NormalIn, tps.NormalOut+quota.TPS.NormalOut
		tps.TransIn, tps.ScheduleIn = tps.TransIn+quota.TPS.TransIn, tps.ScheduleIn+quota.TPS.ScheduleIn
		day.NormalIn, day.NormalOut = day.NormalIn+quota.OneDay.NormalIn, day.NormalOut+quota.OneDay.NormalOut
		day.TransIn, day.ScheduleIn = day.TransIn+quota.OneDay.TransIn, day.ScheduleIn+quota.OneDay.ScheduleIn
	}
	return c.export("metrics.json", &data)
}

// reportOf asks one master. Numbers come as text where Java writes text.
func (c *Call) reportOf(ctx context.Context, addr string) (brokerReport, error) {
	var r brokerReport
	info, err := c.Admin.RuntimeInfo(ctx, addr)
	if err != nil {
		return r, err
	}
	settings, err := c.settings(ctx, addr)
	if err != nil {
		return r, err
	}
	topics, err := c.Admin.UserTopics(ctx, addr, false)
	if err != nil {
		return r, err
	}
	groups, err := c.Admin.UserGroups(ctx, addr)
	if err != nil {
		return r, err
	}
	r.RuntimeEnv.CPUs, r.RuntimeEnv.Memory = settings["clientCallbackExecutorThreads"], info["totalMemKBytes"]
	quota := &r.RuntimeQuota
	quota.Disk.CommitLog, quota.Disk.ConsumeQueue = info["commitLogDiskRatio"], info["consumeQueueDiskRatio"]
	quota.AverageSize, quota.Topics, quota.Groups = info["putMessageAverageSize"], len(topics.TopicConfigTable), len(groups.SubscriptionGroupTable)
	quota.TPS.NormalIn, quota.TPS.NormalOut = firstNumber(info["putTps"]), firstNumber(info["getTransferedTps"])
	quota.OneDay.NormalIn = int64(decimal(info["msgPutTotalTodayMorning"]) - decimal(info["msgPutTotalYesterdayMorning"]))
	quota.OneDay.NormalOut = int64(decimal(info["msgGetTotalTodayMorning"]) - decimal(info["msgGetTotalYesterdayMorning"]))
	trans, err := c.countAt(ctx, addr, topicPutNums, codec.TransHalfTopic)
	if err != nil {
		return r, err
	}
	schedule, err := c.countAt(ctx, addr, topicPutNums, codec.ScheduleTopic)
	if err != nil {
		return r, err
	}
	quota.TPS.TransIn, quota.OneDay.TransIn = trans.tps, trans.lastDay
	quota.TPS.ScheduleIn, quota.OneDay.ScheduleIn = schedule.tps, schedule.lastDay
	r.RuntimeVersion.RocketMQ = codec.VersionDesc(codec.CurrentVersion)
	r.RuntimeVersion.Clients, err = c.clientVersions(ctx, slices.Sorted(maps.Keys(groups.SubscriptionGroupTable)))
	return r, err
}

// clientVersions is the languages and versions of the consumers of groups.
func (c *Call) clientVersions(ctx context.Context, groups []string) ([]string, error) {
	var versions []string
	var failed error
	for _, group := range groups {
		cc, err := c.Admin.ConsumerConnection(ctx, group)
		failed = errors.Join(failed, unlessAbsent(err))
		for _, conn := range cc.ConnectionSet {
			versions = append(versions, conn.Language+"%"+codec.VersionDesc(conn.Version))
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(versions))), failed
}
