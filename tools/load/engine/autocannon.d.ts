/** The part of autocannon 9 that is used here; the package brings no types. */
declare module 'autocannon' {
  interface CannonRequest {
    method: string;
    path: string;
    headers: Record<string, string>;
    body?: string;
  }
  /** Kept between the request and its answer. */
  type CannonContext = Record<string, unknown>;
  interface CannonOptions {
    readonly url: string;
    readonly connections: number;
    /** Seconds. */
    readonly duration: number;
    /** Seconds. */
    readonly timeout: number;
    readonly requests: readonly {
      readonly setupRequest: (request: CannonRequest, context: CannonContext) => CannonRequest;
      readonly onResponse: (
        status: number,
        body: string,
        context: CannonContext,
        headers: Readonly<Record<string, string>>,
      ) => void;
    }[];
  }
  /** Resolves when the time is over; `errors` counts requests without an answer. */
  export default function autocannon(
    options: CannonOptions,
  ): Promise<{ readonly errors: number; readonly duration: number }>;
}
