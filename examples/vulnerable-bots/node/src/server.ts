// The same bot's web side.
import express, { Request, Response } from 'express';
import https from 'https';
import jwt from 'jsonwebtoken';
import { Pool } from 'pg';

const app = express();
const pool = new Pool();
const agent = new https.Agent({ rejectUnauthorized: false }); // expect: tls-verify-off

app.get('/user', async (req: Request, res: Response) => {
  const found = await pool.query(`SELECT * FROM users WHERE name = '${req.query.name}'`); // expect: sql-injection
  res.json(found.rows);
});

app.get('/user2', async (req: Request, res: Response) => {
  const found = await pool.query('SELECT * FROM users WHERE name = $1', [req.query.name]);
  res.json(found.rows);
});

app.get('/hello', (req: Request, res: Response) => {
  res.send('<h1>Hello ' + req.query.name + '</h1>'); // expect: xss-reply-html
});

app.get('/go', (req: Request, res: Response) => {
  res.redirect(String(req.query.to)); // expect: open-redirect
});

app.get('/proxy', async (req: Request, res: Response) => {
  const answer = await fetch(String(req.query.url), { signal: AbortSignal.timeout(5000) }); // expect: ssrf
  res.json(await answer.json());
});

app.post('/session', (req: Request, res: Response) => {
  const who = jwt.decode(req.headers.authorization ?? ''); // expect: jwt-unverified
  res.json({ who, agent: agent.maxSockets });
});

app.listen(8080, '127.0.0.1');
