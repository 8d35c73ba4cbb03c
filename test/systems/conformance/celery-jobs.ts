/** What real workers of Celery leave on a broker: a task in every state, and everything that can wait in a queue. */
import {
  type CeleryApp,
  removeFolder,
  runCelery,
  startCeleryBeat,
  startCeleryWorker,
  temporaryFolder,
} from '../../support';

/** Published while a worker serves `work`. Prints nothing; ends when all that ends has a result. */
const RUN = `
import time, uuid
never = sys.argv[1]
revoked = str(uuid.uuid4())
assert app.control.revoke(revoked, reply=True, timeout=10, limit=1)
on = {"queue": "work"}
ended = [tasks.charge_card.apply_async([n, "EUR"], {"always_down": True}, **on) for n in range(3)]
ended += [tasks.refund.apply_async([n, 5], **on) for n in range(3)]
ended += [tasks.decline.apply_async([4], **on), tasks.ignored.apply_async(["IGNORED"], **on)]
ended += [tasks.refund.apply_async([9, 5], task_id=revoked, **on)]
ended += [tasks.send_receipt.apply_async(["no address", 5], **on)]
# Runs until the worker is killed, and what comes after it is held by the worker.
ended += [tasks.build_report.apply_async(["october", 3], {"until": never}, **on)]
held = tasks.wait_late.apply_async([never], **on)
states = ["FAILURE", "SUCCESS", "IGNORED", "REVOKED", "RETRY", "PROGRESS"]
until = time.time() + 30
while any(result.state not in states for result in ended):
    assert time.time() < until, [result.state for result in ended]
    time.sleep(0.02)
`;

/** Published where nobody serves: what waits. */
const WAITING = `
from celery import chain, chord
from datetime import datetime, timedelta, timezone
for n in range(4):
    tasks.refund.apply_async([n, 5], queue="later")
tasks.refund.apply_async([5, 5], queue="later", priority=3)
tasks.refund.apply_async([6, 5], {}, queue="later", priority=9)
tasks.add.apply_async([1, 2], queue="later", eta=datetime.now(timezone.utc) + timedelta(hours=5))
tasks.add.apply_async([1, 2], queue="a queue/of: \\u00c3")
chain(tasks.add.s(1, 2), tasks.add.s(3), tasks.echo.s(word="h\\u00e9")).apply_async(queue="later")
chord([tasks.add.s(1, 2).set(queue="later"), tasks.add.s(3, 4).set(queue="later")])(tasks.add_all.s().set(queue="later"))
`;

/** Fills a broker; when it resolves, nothing runs there any more. */
export async function fillWithCelery(app: CeleryApp, redBeat: string | null): Promise<void> {
  const folder = temporaryFolder('celery');
  try {
    const worker = await startCeleryWorker({ ...app, queues: ['work'] });
    await runCelery(app, RUN, { args: [`${folder}/never`] });
    await worker.kill();
    await runCelery(app, WAITING);
    if (redBeat === null) return;
    const schedule = {
      nightly: { task: 'shop.tasks.settle', schedule: { minute: '0', hour: '3' }, args: [[]] },
      rarely: { task: 'shop.tasks.add', schedule: 86_400, args: [1, 2] },
    };
    const beat = await startCeleryBeat({ ...app, cwd: folder, schedule, redBeat: { url: redBeat } });
    await beat.stop();
  } finally {
    removeFolder(folder);
  }
}
