//! Keys of language models and what is built round them.

use super::super::alphabet::Alphabet as A;
use super::super::recogniser::Part::{Lit, Run};
use super::super::recogniser::{MANY, Recogniser, checked_token, token};
use super::super::verify;

pub(super) static TABLE: &[Recogniser] = &[
    token(
        "secret.openai-api-key",
        "OpenAI API key",
        &[
            &[Lit("sk-proj-"), Run(A::BASE64URL, 20, MANY)],
            &[Lit("sk-svcacct-"), Run(A::BASE64URL, 20, MANY)],
            &[Lit("sk-admin-"), Run(A::BASE64URL, 20, MANY)],
            &[Lit("sk-None-"), Run(A::BASE64URL, 20, MANY)],
            &[Run(A::BASE64URL, 16, 128), Lit("T3BlbkFJ"), Run(A::BASE64URL, 16, MANY)],
        ],
    ),
    checked_token(
        "secret.openai-style-key",
        "API key as OpenAI, DeepSeek and their likes issue it",
        "prefix, length, letters and digits mixed",
        verify::mixed,
        &[&[Lit("sk-"), Run(A::ALNUM, 20, MANY)]],
    ),
    token(
        "secret.anthropic-api-key",
        "Anthropic key",
        &[&[Lit("sk-ant-"), Run(A::BASE64URL, 24, MANY)]],
    ),
    token(
        "secret.openrouter-api-key",
        "OpenRouter API key",
        &[&[Lit("sk-or-v1-"), Run(A::HEX, 32, 128)], &[Lit("sk-or-"), Run(A::BASE64URL, 40, 128)]],
    ),
    token(
        "secret.langfuse-secret-key",
        "Langfuse secret key",
        &[&[Lit("sk-lf-"), Run(A::HEX.or(A::DASH), 32, 40)]],
    ),
    token("secret.groq-api-key", "Groq API key", &[&[Lit("gsk_"), Run(A::ALNUM, 30, 100)]]),
    token(
        "secret.hugging-face-token",
        "Hugging Face token",
        &[&[Lit("hf_"), Run(A::ALNUM, 30, 60)], &[Lit("api_org_"), Run(A::ALNUM, 30, 60)]],
    ),
    token("secret.replicate-token", "Replicate token", &[&[Lit("r8_"), Run(A::WORD, 30, 60)]]),
    token("secret.xai-api-key", "xAI API key", &[&[Lit("xai-"), Run(A::WORD, 60, 120)]]),
    token(
        "secret.perplexity-api-key",
        "Perplexity API key",
        &[&[Lit("pplx-"), Run(A::ALNUM, 32, 80)]],
    ),
    token("secret.cerebras-api-key", "Cerebras API key", &[&[Lit("csk-"), Run(A::ALNUM, 32, 80)]]),
    token(
        "secret.nvidia-api-key",
        "NVIDIA API key",
        &[&[Lit("nvapi-"), Run(A::BASE64URL, 40, 120)]],
    ),
    token(
        "secret.together-api-key",
        "Together API key",
        &[&[Lit("tgp_v1_"), Run(A::BASE64URL, 30, 80)]],
    ),
    checked_token(
        "secret.fireworks-api-key",
        "Fireworks API key",
        "prefix, length, letters and digits mixed",
        verify::mixed,
        &[&[Lit("fw_"), Run(A::ALNUM, 20, 40)]],
    ),
    checked_token(
        "secret.elevenlabs-api-key",
        "ElevenLabs API key",
        "prefix, alphabet and length",
        verify::mixed,
        &[&[Lit("sk_"), Run(A::LOWER_HEX, 48, 48)]],
    ),
    checked_token(
        "secret.cohere-style-key",
        "Cohere API key",
        "prefix, length, letters and digits mixed",
        verify::mixed,
        &[&[Lit("co_"), Run(A::ALNUM, 36, 60)]],
    ),
    token("secret.voyage-api-key", "Voyage API key", &[&[Lit("pa-"), Run(A::BASE64URL, 40, 48)]]),
    token("secret.jina-api-key", "Jina API key", &[&[Lit("jina_"), Run(A::BASE64URL, 50, 80)]]),
    token("secret.pinecone-api-key", "Pinecone API key", &[&[Lit("pcsk_"), Run(A::WORD, 40, 100)]]),
    token("secret.tavily-api-key", "Tavily API key", &[&[Lit("tvly-"), Run(A::BASE64URL, 28, 60)]]),
    token(
        "secret.langsmith-api-key",
        "LangSmith API key",
        &[
            &[Lit("lsv2_pt_"), Run(A::LOWER_HEX, 32, 32), Lit("_"), Run(A::LOWER_HEX, 10, 10)],
            &[Lit("lsv2_sk_"), Run(A::LOWER_HEX, 32, 32), Lit("_"), Run(A::LOWER_HEX, 10, 10)],
        ],
    ),
];
