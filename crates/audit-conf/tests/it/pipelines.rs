//! Pipelines.

use crate::{Case, judge};

const FILE: &str = ".github/workflows/ci.yml";
const LAB: &str = ".gitlab-ci.yml";

#[test]
fn workflows_are_judged() {
    judge(WORKFLOWS);
}

#[test]
fn pipelines_of_gitlab_are_judged() {
    judge(PIPELINES_OF_GITLAB);
}

const WORKFLOWS: &[Case] = &[
    Case {
        id: "ci-unpinned-action",
        path: FILE,
        bad: &[
            "on: push\njobs: {a: {steps: [{uses: 'o/r@v1'}]}}",
            "on: push\njobs: {a: {steps: [{uses: actions/checkout@main}]}}",
            "on: push\njobs: {a: {uses: 'o/r/.github/workflows/x.yml@main'}}",
            "on: push\njobs: {a: {steps: [{uses: o/r}]}}",
        ],
        good: &[
            "on: push\njobs: {a: {steps: [{uses: 'o/r@0123456789012345678901234567890123456789'}]}}",
            "on: push\njobs: {a: {steps: [{uses: actions/checkout@v4}, {uses: ./local}]}}",
        ],
    },
    Case {
        id: "ci-pr-target-checkout",
        path: FILE,
        bad: &[
            "on: pull_request_target\njobs:\n  a:\n    steps:\n    - uses: actions/checkout@v4\n      with:\n        ref: ${{ github.event.pull_request.head.sha }}",
            "on:\n  workflow_run: {workflows: [x]}\njobs:\n  a:\n    steps:\n    - uses: actions/checkout@v4\n      with: {ref: '${{ github.event.workflow_run.head_sha }}'}",
            "on: [pull_request_target]\njobs:\n  a:\n    steps:\n    - run: gh pr checkout 5",
            "on: issue_comment\njobs:\n  a:\n    steps:\n    - run: git fetch origin pull/${{ github.event.issue.number }}/head",
        ],
        good: &[
            "on: pull_request\njobs:\n  a:\n    steps:\n    - uses: actions/checkout@v4\n      with:\n        ref: ${{ github.event.pull_request.head.sha }}",
            "on: pull_request_target\njobs:\n  a:\n    steps:\n    - uses: actions/checkout@v4",
        ],
    },
    Case {
        id: "ci-script-injection",
        path: FILE,
        bad: &[
            "on: issues\njobs:\n  a:\n    steps:\n    - run: echo \"${{ github.event.issue.title }}\"",
            "on: push\njobs:\n  a:\n    steps:\n    - run: |\n        x\n        echo ${{ github.event.commits[0].message }}",
            "on: push\njobs:\n  a:\n    steps:\n    - run: git switch ${{github.head_ref}}",
            "on: issues\njobs:\n  a:\n    steps:\n    - uses: actions/github-script@v7\n      with:\n        script: console.log('${{ github.event.comment.body }}')",
            "name: x\nruns:\n  using: composite\n  steps:\n  - run: echo '${{ github.event['pull_request']['title'] }}'",
            "on: push\njobs:\n  a:\n    steps:\n    - run: x '${{ format('{0}', github.event.pull_request.body) }}'",
        ],
        good: &[
            "on: issues\njobs:\n  a:\n    steps:\n    - env: {T: '${{ github.event.issue.title }}'}\n      run: echo \"$T\"",
            "on: push\njobs:\n  a:\n    steps:\n    - run: echo ${{ github.sha }} ${{ github.event.issue.number }}",
            "on: push\njobs:\n  a:\n    steps:\n    - if: github.head_ref == 'x'\n      run: x",
        ],
    },
    Case {
        id: "ci-token-write-all",
        path: FILE,
        bad: &[
            "on: push\npermissions: write-all\njobs: {}",
            "on: push\njobs: {a: {permissions: write-all}}",
        ],
        good: &[
            "on: push\npermissions: read-all\njobs: {}",
            "on: push\npermissions: {contents: write}\njobs: {}",
        ],
    },
    Case {
        id: "ci-curl-pipe",
        path: FILE,
        bad: &[
            "on: push\njobs: {a: {steps: [{run: 'curl https://x.io/i.sh | bash'}]}}",
            "on: push\njobs: {a: {steps: [{run: 'bash <(curl -s https://codecov.io/bash)'}]}}",
        ],
        good: &[
            "on: push\njobs: {a: {steps: [{run: 'curl https://x.io/a.tgz | tar xz'}]}}",
            "on: push\njobs: {a: {steps: [{run: './i.sh'}]}}",
        ],
    },
    Case {
        id: "ci-secret-inline",
        path: FILE,
        bad: &[
            "on: push\nenv: {BOT_TOKEN: 'k3Jf92jKd:x'}\njobs: {}",
            "on: push\njobs: {a: {steps: [{run: 'curl -u me:k3Jf92 https://x.io/a'}]}}",
        ],
        good: &[
            "on: push\nenv: {BOT_TOKEN: '${{ secrets.T }}'}\njobs: {}",
            "on: push\nenv: {POSTGRES_PASSWORD: postgres}\njobs: {}",
        ],
    },
    Case {
        id: "ci-secret-shown",
        path: FILE,
        bad: &[
            "on: push\njobs: {a: {steps: [{run: 'echo ${{ secrets.T }}'}]}}",
            "on: push\njobs: {a: {steps: [{run: \"echo '${{ toJSON(secrets.X) }}'\"}]}}",
        ],
        good: &[
            "on: push\njobs: {a: {steps: [{run: 'echo ${{ secrets.T }} > key'}]}}",
            "on: push\njobs: {a: {steps: [{run: 'echo ${{ secrets.T }} | docker login --password-stdin'}]}}",
        ],
    },
    Case {
        id: "ci-self-hosted-pr",
        path: FILE,
        bad: &[
            "on: pull_request\njobs: {a: {runs-on: self-hosted}}",
            "on: {pull_request: {branches: [main]}}\njobs: {a: {runs-on: [self-hosted, linux]}}",
        ],
        good: &[
            "on: push\njobs: {a: {runs-on: self-hosted}}",
            "on: pull_request\njobs: {a: {runs-on: ubuntu-24.04}}",
        ],
    },
    Case {
        id: "ci-secrets-inherit",
        path: FILE,
        bad: &[
            "on: push\njobs: {a: {uses: './.github/workflows/x.yml', secrets: inherit}}",
            "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/x.yml@v1\n    secrets: inherit",
        ],
        good: &[
            "on: push\njobs: {a: {uses: './.github/workflows/x.yml', secrets: {T: '${{ secrets.T }}'}}}",
            "on: push\njobs: {a: {uses: './.github/workflows/x.yml'}}",
        ],
    },
    Case {
        id: "ci-image-latest",
        path: FILE,
        bad: &[
            "on: push\njobs: {a: {runs-on: x, container: 'node:latest'}}",
            "on: push\njobs: {a: {runs-on: x, services: {db: {image: postgres}}}}",
        ],
        good: &[
            "on: push\njobs: {a: {runs-on: x, container: {image: 'node:22'}}}",
            "on: push\njobs: {a: {runs-on: x}}",
        ],
    },
    Case {
        id: "dkr-secret-env",
        path: FILE,
        bad: &[
            "on: push\njobs: {a: {steps: [{run: 'docker build --build-arg NPM_TOKEN=$T .'}]}}",
            "on: push\njobs: {a: {steps: [{run: 'docker buildx build --build-arg DB_PASSWORD .'}]}}",
        ],
        good: &[
            "on: push\njobs: {a: {steps: [{run: 'docker build --build-arg VERSION=1 .'}]}}",
            "on: push\njobs: {a: {steps: [{run: 'docker build --secret id=t .'}]}}",
        ],
    },
];

const PIPELINES_OF_GITLAB: &[Case] = &[
    Case {
        id: "ci-unpinned-action",
        path: LAB,
        bad: &["include: {remote: 'https://x.io/a.yml'}", "include: [{project: o/r, file: a.yml}]"],
        good: &[
            "include: [{project: o/r, ref: v1.2.3, file: a.yml}]",
            "include: [{local: a.yml}, {template: b.yml}]",
        ],
    },
    Case {
        id: "ci-script-injection",
        path: LAB,
        bad: &[
            "a: {script: ['eval \"echo $CI_COMMIT_MESSAGE\"']}",
            "a: {script: ['bash -c \"echo $CI_MERGE_REQUEST_TITLE\"']}",
        ],
        good: &[
            "a: {script: ['echo \"$CI_COMMIT_MESSAGE\"']}",
            "a: {script: ['eval \"$(ssh-agent -s)\"']}",
        ],
    },
    Case {
        id: "ci-curl-pipe",
        path: LAB,
        bad: &[
            "a: {script: ['curl https://x.io/i | sh']}",
            "a: {before_script: ['wget -O- https://x.io/i | bash'], script: [x]}",
        ],
        good: &["a: {script: ['curl https://x.io/i -o i']}", "a: {script: ['pytest']}"],
    },
    Case {
        id: "ci-secret-shown",
        path: LAB,
        bad: &[
            "variables: {CI_DEBUG_TRACE: 'true'}",
            "a: {variables: {CI_DEBUG_TRACE: 1}, script: [x]}",
        ],
        good: &["variables: {CI_DEBUG_TRACE: 'false'}", "a: {script: [x]}"],
    },
    Case {
        id: "ci-secret-inline",
        path: LAB,
        bad: &[
            "variables: {BOT_TOKEN: 'k3Jf92jKd'}",
            "a: {variables: {API_KEY: {value: 'k3Jf92jKd'}}, script: [x]}",
        ],
        good: &["variables: {BOT_TOKEN: $TOKEN}", "variables: {POSTGRES_PASSWORD: k3Jf92jKd}"],
    },
    Case {
        id: "ci-image-latest",
        path: LAB,
        bad: &["image: python\na: {script: [x]}", "a: {image: {name: 'x/y:latest'}, script: [x]}"],
        good: &["image: python:3.13\na: {script: [x]}", "a: {script: [x]}"],
    },
];
