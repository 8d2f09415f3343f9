// A program in Node.js: says in its log when it listens, has a child that works for it, and ends when asked to.
//
// Argument: its name. In the folder WARDKIT_SCENE it notes each number that it has written.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');

const name = process.argv[2];
const run = process.env.WARDKIT_SERVICE.split('/').pop();
process.chdir(process.env.WARDKIT_SCENE);

const socket = `${name}.sock`;
fs.rmSync(socket, { force: true });
const worker = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
const server = net.createServer((client) => client.end());
server.listen(socket, () => {
    fs.writeSync(1, `listening on ${socket}\n`);
    let number = 0;
    setInterval(() => {
        fs.writeSync(1, `${run} ${number}\n`);
        fs.appendFileSync(`${name}.written.${run}`, `${number}\n`);
        number += 1;
    }, 50);
});
process.on('SIGTERM', () => {
    worker.kill();
    fs.appendFileSync(`${name}.ended`, `${run}\n`);
    process.exit(0);
});
