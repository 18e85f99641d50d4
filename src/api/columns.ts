/** One column of `kubectl get` and of `tenantbot get`, in the CRD's own words. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  /** Field names and one filter on `type`: the part of JSONPath that {@link columnValue} reads. */
  readonly jsonPath: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority: 0 | 1;
  readonly description: string;
}

const READY: Column = {
  name: 'Ready',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
  priority: 0,
  description: 'Whether it does its work.',
};

const AGE: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  priority: 0,
  description: 'Time since it was made.',
};

const MESSAGE: Column = {
  name: 'Message',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].message',
  priority: 1,
  description: 'How it does, and what to do.',
};

/** What a list of TenantBots shows. */
export const TENANT_BOT_COLUMNS: readonly Column[] = [
  READY,
  {
    name: 'Bot',
    type: 'string',
    jsonPath: '.status.bot.username',
    priority: 0,
    description: "The bot's name at Telegram, without the @.",
  },
  {
    name: 'Token',
    type: 'string',
    jsonPath: '.status.token.state',
    priority: 0,
    description: 'What is known of the token.',
  },
  {
    name: 'Health',
    type: 'string',
    jsonPath: '.status.health.state',
    priority: 0,
    description: 'How its calls to Telegram go.',
  },
  {
    name: 'Breaker',
    type: 'string',
    jsonPath: '.status.breaker.state',
    priority: 0,
    description: 'Whether calls to Telegram are made.',
  },
  {
    name: 'Mode',
    type: 'string',
    jsonPath: '.status.updates.mode',
    priority: 0,
    description: 'How updates are received.',
  },
  {
    name: 'Shard',
    type: 'integer',
    jsonPath: '.status.placement.shard',
    priority: 0,
    description: 'Ordinal of the shard that hosts the bot.',
  },
  AGE,
  {
    name: 'Error-rate',
    type: 'integer',
    jsonPath: '.status.health.errorRate',
    priority: 1,
    description: 'Share of recent calls that failed, in percent.',
  },
  {
    name: 'Latency',
    type: 'integer',
    jsonPath: '.status.health.avgResponseMs',
    priority: 1,
    description: 'How long Telegram takes to answer, in milliseconds.',
  },
  {
    name: 'Restarts',
    type: 'integer',
    jsonPath: '.status.restarts',
    priority: 1,
    description: 'Restarts after a crash.',
  },
  {
    name: 'Last-activity',
    type: 'date',
    jsonPath: '.status.updates.lastUpdateAt',
    priority: 1,
    description: 'Time since the last update arrived.',
  },
  MESSAGE,
];

/** What a list of BotFleets shows. */
export const BOT_FLEET_COLUMNS: readonly Column[] = [
  READY,
  {
    name: 'Shards',
    type: 'integer',
    jsonPath: '.status.shards',
    priority: 0,
    description: 'Shards there are to be.',
  },
  {
    name: 'Ready-shards',
    type: 'integer',
    jsonPath: '.status.readyShards',
    priority: 0,
    description: 'Those of them that are at work.',
  },
  {
    name: 'Bots',
    type: 'integer',
    jsonPath: '.status.bots',
    priority: 0,
    description: 'Bots that name this fleet.',
  },
  {
    name: 'Ready-bots',
    type: 'integer',
    jsonPath: '.status.readyBots',
    priority: 0,
    description: 'Those of them that are Ready.',
  },
  {
    name: 'Capacity',
    type: 'integer',
    jsonPath: '.status.capacity',
    priority: 0,
    description: 'Bots that fit on these shards.',
  },
  AGE,
  {
    name: 'Limit',
    type: 'integer',
    jsonPath: '.status.rates.perSecond',
    priority: 1,
    description: 'Calls a second that the limit allows.',
  },
  {
    name: 'Granted',
    type: 'integer',
    jsonPath: '.status.rates.granted',
    priority: 1,
    description: 'Calls a second that the shards have been granted of that.',
  },
  MESSAGE,
];
