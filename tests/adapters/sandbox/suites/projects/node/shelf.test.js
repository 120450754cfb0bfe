'use strict';

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');
const zlib = require('node:zlib');
const { serve } = require('./shelf.js');

for (const host of ['127.0.0.1', '::1', 'localhost']) {
  test(`a server at ${host} answers`, async () => {
    const server = serve();
    server.listen(0, host);
    await once(server, 'listening');
    const name = host === '::1' ? '[::1]' : host;
    const answer = await fetch(`http://${name}:${server.address().port}/shelf`);
    assert.strictEqual(await answer.text(), '/SHELF');
    server.closeAllConnections();
    server.close();
  });
}

test('workers add', async () => {
  const workers = Array.from({ length: 8 }, () => new Worker(path.join(__dirname, 'worker.js'), { workerData: [1, 2, 3] }));
  const sums = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
  assert.deepStrictEqual(sums, Array(8).fill(6));
});

test('a child process prints', async () => {
  const printed = await new Promise((resolve, reject) => {
    execFile(process.execPath, ['-p', '6 * 7'], (error, out) => (error ? reject(error) : resolve(out)));
  });
  assert.strictEqual(printed, '42\n');
});

test('a changed file is noticed', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'watch-'));
  const watcher = fs.watch(directory);
  const noticed = once(watcher, 'change');
  fs.writeFileSync(path.join(directory, 'file'), 'x');
  await noticed;
  watcher.close();
});

test('the thread pool works', async () => {
  const results = await Promise.all(
    Array.from({ length: 32 }, () => new Promise((resolve) => zlib.gzip('x'.repeat(1e5), (_, out) => resolve(out.length)))),
  );
  assert.strictEqual(new Set(results).size, 1);
});
