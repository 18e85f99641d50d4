/** What `tenantbot top` sorts by, the most first. */
export const TOP_ORDERS = [
  'updates',
  'rate',
  'replies',
  'errors',
  'error-rate',
  'latency',
] as const;
