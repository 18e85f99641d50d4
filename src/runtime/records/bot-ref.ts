/** Of which bot something is told, and under which of its owners. */
export interface BotRef {
  /** uid of the TenantBot. */
  readonly uid: string;
  readonly epoch: number;
}
