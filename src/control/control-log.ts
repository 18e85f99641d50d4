/** Where the control channel says what went on, a line each. */
export interface ControlLog {
  info(message: string): void;
  warn(message: string): void;
}
