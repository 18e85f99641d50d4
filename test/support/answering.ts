/**
 * Makes this process answer what its parent asks with `Program.ask`, one answer a request. Ends
 * with its parent, however that ends.
 */
export function answerParent(answer: (request: never) => unknown): void {
  process.on('message', (request) => {
    void (async () => process.send?.((await answer(request as never)) ?? null))();
  });
  process.once('disconnect', () => process.exit());
}
