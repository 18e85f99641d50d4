/** Why the control interface can't do what it was asked. `code` is stable; RFC 9457 names. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** 404: there is no such thing. */
export function notFound(code: string, detail: string): Problem {
  return new Problem(404, code, detail);
}

/** 409: the thing is there, but in a state that forbids it. */
export function notNow(code: string, detail: string): Problem {
  return new Problem(409, code, detail);
}
