/** The envelope every success of v1 comes in. */
export function envelope(
  data: unknown,
  message: string,
  about: { readonly requestId: string; readonly nowMs: number },
): Record<string, unknown> {
  return {
    success: true,
    code: 200,
    message,
    data,
    timestamp: new Date(about.nowMs).toISOString(),
    request_id: about.requestId,
    errors: null,
  };
}
