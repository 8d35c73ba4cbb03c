/** What tests, benchmarks and the demo start and look at: servers, workers, proxies, dumps. */

export { type BrowserOptions, openBrowser, type TestBrowser } from './browser';
export {
  type CeleryApp,
  type CeleryBeatOptions,
  type CeleryEntry,
  type CeleryWorker,
  type CeleryWorkerOptions,
  celeryVariables,
  runCelery,
  startCeleryBeat,
  startCeleryWorker,
} from './celery-worker';
export { type Certificates, makeCertificates } from './certificates';
export { type Dump, type DumpedKey, differences, dumpRedis, fingerprint } from './dump';
export { removeFolder, temporaryFolder } from './folders';
export { freePort } from './ports';
export { descendants, type GuardedProcess, type ProcessOptions, send, startProcess } from './process';
export { once, type ProxyRules, type RedisProxy, startProxy } from './proxy';
export {
  type CeleryGeneration,
  celeryGenerations,
  celeryGenerationsUnderTest,
  type PythonOptions,
  pythonOf,
  pythonVariables,
  type RqGeneration,
  rqGenerations,
  rqGenerationsUnderTest,
  runPython,
  tasksFolder,
} from './python';
export { type RabbitOptions, startRabbit, type TestRabbit, type TestUser, type TestVhost } from './rabbitmq';
export { clientOf, type RedisOptions, startRedis, type TestRedis } from './redis';
export { asRedis5, refusalOf } from './redis-5';
export type { RespCommand } from './resp';
export { type RqWorker, type RqWorkerOptions, startRqScheduler, startRqWorker } from './rq-worker';
export { type SentinelSetup, startSentinel } from './sentinel';
export { type WaitOptions, waitFor } from './wait';
export { startWorkbench, strippedEnvironment, type WorkbenchOptions, type WorkbenchServer } from './workbench';
