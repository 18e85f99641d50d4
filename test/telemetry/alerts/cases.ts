/** Series as promtool reads them, a value a minute: `0+10x30` begins at 0 and grows by 10, 30 times. */
export type Series = Readonly<Record<string, string>>;

/** One alert: what makes it fire within `minutes`, and what is near that and does not. */
export interface AlertCase {
  readonly alert: string;
  readonly minutes: number;
  readonly fires: Series;
  readonly quiet: Series;
}

const LEADS = 'leader_election_master_status{name="tenantbot-operator",pod="a"}';
const LEADS_TOO = 'leader_election_master_status{name="tenantbot-operator",pod="b"}';
const OTHER = 'leader_election_master_status{name="kube-scheduler"}';
const POD = '{namespace="bots",pod="shard-0"}';

/** Every rule of the chart. */
export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: 'TenantbotNoLeader',
    minutes: 5,
    fires: { [LEADS]: '0x30', [LEADS_TOO]: '0x30', [OTHER]: '1x30' },
    quiet: { [LEADS]: '1x30', [LEADS_TOO]: '0x30' },
  },
  {
    alert: 'TenantbotTwoLeaders',
    minutes: 5,
    fires: { [LEADS]: '1x30', [LEADS_TOO]: '1x30' },
    quiet: { [LEADS]: '1 1 1 0x30', [LEADS_TOO]: '0 0 1x30' },
  },
  {
    alert: 'TenantbotReconcileErrors',
    minutes: 25,
    fires: { 'controller_runtime_reconcile_errors_total{controller="tenantbot"}': '0+30x40' },
    quiet: { 'controller_runtime_reconcile_errors_total{controller="tenantbot"}': '0+3x40' },
  },
  {
    alert: 'TenantbotReconcileStuck',
    minutes: 5,
    fires: { 'workqueue_longest_running_processor_seconds{name="tenantbot"}': '130+60x30' },
    quiet: { 'workqueue_longest_running_processor_seconds{name="tenantbot"}': '110x30' },
  },
  {
    alert: 'TenantbotQueueDeep',
    minutes: 20,
    fires: {
      'workqueue_depth{name="tenantbot",priority="routine"}': '700x40',
      'workqueue_depth{name="tenantbot",priority="urgent"}': '700x40',
    },
    quiet: { 'workqueue_depth{name="tenantbot",priority="routine"}': '5000x10 0x30' },
  },
  {
    alert: 'TenantbotShardsNotReady',
    minutes: 15,
    fires: {
      'tenantbot_fleet_shards{fleet="default",pod="a"}': '3x40',
      'tenantbot_fleet_ready_shards{fleet="default",pod="a"}': '2x40',
      'tenantbot_fleet_ready_shards{fleet="default",pod="b"}': '2x40',
    },
    quiet: {
      'tenantbot_fleet_shards{fleet="default",pod="a"}': '3x40',
      'tenantbot_fleet_ready_shards{fleet="default",pod="a"}': '2x5 3x35',
    },
  },
  {
    alert: 'TenantbotFleetFull',
    minutes: 20,
    fires: {
      'tenantbot_fleet_bots{fleet="default"}': '95x40',
      'tenantbot_fleet_capacity{fleet="default"}': '100x40',
    },
    quiet: {
      'tenantbot_fleet_bots{fleet="default"}': '89x40',
      'tenantbot_fleet_capacity{fleet="default"}': '100x40',
    },
  },
  {
    alert: 'TenantbotMovesPending',
    minutes: 35,
    fires: { 'tenantbot_moves_pending{fleet="default"}': '2x60' },
    quiet: { 'tenantbot_moves_pending{fleet="default"}': '2x20 0x40' },
  },
  {
    alert: 'TenantbotBotsNotReady',
    minutes: 20,
    fires: {
      'tenantbot_fleet_bots{fleet="default"}': '100x40',
      'tenantbot_fleet_ready_bots{fleet="default"}': '80x40',
    },
    quiet: {
      'tenantbot_fleet_bots{fleet="default"}': '100x40',
      'tenantbot_fleet_ready_bots{fleet="default"}': '95x40',
      'tenantbot_fleet_bots{fleet="empty"}': '0x40',
      'tenantbot_fleet_ready_bots{fleet="empty"}': '0x40',
    },
  },
  {
    alert: 'TenantbotManyBotsUnhealthy',
    minutes: 15,
    fires: {
      'tenantbot_bots_health{state="Unhealthy"}': '2x30',
      'tenantbot_bots_health{state="Healthy"}': '8x30',
      'tenantbot_bots_health{state="Suspended"}': '90x30',
    },
    quiet: {
      'tenantbot_bots_health{state="Unhealthy"}': '1x30',
      'tenantbot_bots_health{state="Healthy"}': '20x30',
    },
  },
  {
    alert: 'TenantbotUpstreamDown',
    minutes: 5,
    fires: {
      'tenantbot_upstream_breaker_state{namespace="bots",pod="shard-0",state="Open"}': '1x30',
    },
    quiet: {
      'tenantbot_upstream_breaker_state{namespace="bots",pod="shard-0",state="Open"}': '0x30',
      'tenantbot_upstream_breaker_state{namespace="bots",pod="shard-0",state="Closed"}': '1x30',
    },
  },
  {
    alert: 'TenantbotIntakesSilent',
    minutes: 10,
    fires: { [`tenantbot_heartbeats_overdue${POD}`]: '1x30' },
    quiet: { [`tenantbot_heartbeats_overdue${POD}`]: '1 1 0x30' },
  },
  {
    alert: 'TenantbotBotsCrashed',
    minutes: 15,
    fires: { 'tenantbot_bots{namespace="bots",lifecycle="Crashed"}': '1x30' },
    quiet: { 'tenantbot_bots{namespace="bots",lifecycle="Restarting"}': '5x30' },
  },
  {
    alert: 'TenantbotUncaughtErrors',
    minutes: 5,
    fires: { [`tenantbot_uncaught_errors_total${POD}`]: '0 0 1x30' },
    quiet: { [`tenantbot_uncaught_errors_total${POD}`]: '7x30' },
  },
  {
    alert: 'TenantbotUpdatesGivenUp',
    minutes: 30,
    fires: {
      'tenantbot_updates_total{namespace="bots",outcome="failed"}': '0+10x60',
      'tenantbot_updates_total{namespace="bots",outcome="handled"}': '0+90x60',
    },
    quiet: {
      'tenantbot_updates_total{namespace="bots",outcome="failed"}': '0+1x60',
      'tenantbot_updates_total{namespace="bots",outcome="handled"}': '0+99x60',
    },
  },
  {
    alert: 'TenantbotSlowUpdates',
    minutes: 30,
    fires: slow('0+50x60'),
    quiet: slow('0+98x60'),
  },
  {
    alert: 'TenantbotShardBusy',
    minutes: 15,
    fires: { [`tenantbot_event_loop_utilization${POD}`]: '0.95x30' },
    quiet: { [`tenantbot_event_loop_utilization${POD}`]: '0.85x30' },
  },
  {
    alert: 'TenantbotRateLimited',
    minutes: 30,
    fires: { 'tenantbot_pauses_total{namespace="bots",of="bot"}': '0+12x60' },
    quiet: {
      'tenantbot_pauses_total{namespace="bots",of="bot"}': '0+3x60',
      'tenantbot_pauses_total{namespace="bots",of="chat"}': '0+60x60',
    },
  },
  {
    alert: 'TenantbotFleetAtItsLimit',
    minutes: 20,
    fires: {
      'tenantbot_grants_wanted{fleet="default",resource="total"}': '40x40',
      'tenantbot_grants_cap{fleet="default",resource="total"}': '30x40',
    },
    quiet: {
      'tenantbot_grants_wanted{fleet="default",resource="total"}': '40x5 20x35',
      'tenantbot_grants_cap{fleet="default",resource="total"}': '30x40',
    },
  },
  {
    alert: 'TenantbotRuntimeOutOfContact',
    minutes: 5,
    fires: { [`tenantbot_control_silence_seconds${POD}`]: '61+60x30' },
    quiet: { [`tenantbot_control_silence_seconds${POD}`]: '1 61 1x30' },
  },
  {
    alert: 'TenantbotHistoryNotWritten',
    minutes: 25,
    fires: {
      'tenantbot_history_failures_total{namespace="bots",reason="away"}': '0+5x60',
      'tenantbot_history_batches_total{namespace="bots"}': '100x60',
    },
    quiet: {
      'tenantbot_history_failures_total{namespace="bots",reason="away"}': '0+5x60',
      'tenantbot_history_batches_total{namespace="bots"}': '0+5x60',
    },
  },
  {
    alert: 'TenantbotHistoryDropping',
    minutes: 10,
    fires: {
      'tenantbot_history_untold_dropped_total{namespace="bots",kind="snapshot"}': '0+10x30',
    },
    quiet: {
      'tenantbot_history_dropped_total{namespace="bots",kind="usage",reason="time"}': '0+1x30',
    },
  },
];

/** A hundred updates a minute, so many of which take less than five seconds, and none a minute. */
function slow(quick: string): Series {
  const bucket = (le: string) =>
    `tenantbot_update_duration_seconds_bucket{namespace="bots",le="${le}"}`;
  return { [bucket('5')]: quick, [bucket('60')]: '0+100x60', [bucket('+Inf')]: '0+100x60' };
}
