"""Makes buckets on a server, and says what became of objects in them: ADDRESS STEP BUCKET [KEY]."""

import datetime
import sys

import boto3
from botocore.exceptions import ClientError

address, step, bucket, *key = sys.argv[1:]
s3 = boto3.client(
    "s3",
    endpoint_url=address,
    region_name="us-east-1",
    aws_access_key_id="testing",
    aws_secret_access_key="testing-secret",
)


def versions():
    return s3.list_object_versions(Bucket=bucket, Prefix=key[0]).get("Versions", [])


if step == "create":
    s3.create_bucket(Bucket=bucket)
elif step == "create-locked":
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
elif step == "uploads":
    print(len(s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])))
elif step == "lock-of":
    lock = s3.head_object(Bucket=bucket, Key=key[0])
    left = lock["ObjectLockRetainUntilDate"] - datetime.datetime.now(datetime.timezone.utc)
    print(lock["ObjectLockMode"], left.days)
elif step == "versions":
    print(len(versions()))
elif step == "delete-versions":
    try:
        for version in versions():
            s3.delete_object(Bucket=bucket, Key=key[0], VersionId=version["VersionId"])
        print("deleted")
    except ClientError as error:
        print(error.response["Error"]["Code"])
else:
    sys.exit(f"unknown step {step}")
