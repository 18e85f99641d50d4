/**
 * Makes this process answer what its parent asks with `Program.ask`, one answer a request. Ends
 * with its parent, however that ends.
 */
export function answerParent<Request>(answer: (request: Request) => unknown): void {
  process.on('message', (request: Request) => {
    void (async () => process.send?.((await answer(request)) ?? null))();
  });
  process.once('disconnect', () => process.exit());
}
