//! What the console stands behind, once translated: one HTTP API with one route, throttled, that may call one function;
//! and what that function may do itself.

use deployment::Deployed;
use serde_json::{Map, Value, json};
use shared::task::Function;

use super::{Problems, resources_of};

/// Checks a translated template.
pub fn check(template: &Value, functions: &[Deployed], problems: &mut Problems) {
    let nothing = Map::new();
    let resources = template["Resources"].as_object().unwrap_or(&nothing);
    let Some(console) = functions.iter().find(|deployed| deployed.function == Function::AdminApi) else {
        return problems.add("admin-api is not deployed");
    };
    for kind in ["AWS::ApiGateway::RestApi", "AWS::Lambda::Url"] {
        problems.unless(resources_of(resources, kind).is_empty(), || {
            format!("{kind}: another way in than the throttled one")
        });
    }
    match &resources_of(resources, "AWS::ApiGatewayV2::Api")[..] {
        [(api, properties)] => {
            route(properties, &console.id, problems);
            stage(resources, api, problems);
            permission(resources, api, &console.id, problems);
        }
        apis => problems.add(format!("{} HTTP APIs instead of one", apis.len())),
    }
    role(resources, &console.id, problems);
}

/// Every path and method goes to the function, which decides about each.
fn route(api: &Value, function: &str, problems: &mut Problems) {
    let paths: Vec<&String> = api["Body"]["paths"].as_object().into_iter().flat_map(Map::keys).collect();
    problems.unless(paths == ["/$default"], || format!("the HTTP API has the routes {paths:?}"));
    let any = &api["Body"]["paths"]["/$default"]["x-amazon-apigateway-any-method"];
    let integration = &any["x-amazon-apigateway-integration"];
    let target = format!(
        "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{function}.Arn}}/invocations"
    );
    let is_whole = integration["type"] == "aws_proxy"
        && integration["payloadFormatVersion"] == "2.0"
        && integration["uri"] == json!({"Fn::Sub": target});
    problems.unless(is_whole, || "the HTTP API does not hand whole requests to admin-api".into());
}

/// Whoever sends more than that costs nothing.
fn stage(resources: &Map<String, Value>, api: &str, problems: &mut Problems) {
    let stages = resources_of(resources, "AWS::ApiGatewayV2::Stage");
    problems.unless(!stages.is_empty(), || format!("{api}: no stage"));
    for (id, stage) in stages {
        for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
            let value = &stage["DefaultRouteSettings"][limit];
            problems.unless(value.as_i64().is_some_and(|limit| (1..=500).contains(&limit)), || {
                format!("{id}: no {limit} of 1 to 500")
            });
        }
        let is_default = stage["StageName"] == "$default"
            && stage["ApiId"] == json!({"Ref": api})
            && stage["AutoDeploy"] == true;
        problems.unless(is_default, || format!("{id}: not the stage that people reach, deployed by itself"));
        problems
            .unless(stage["RouteSettings"].is_null(), || format!("{id}: routes with limits of their own"));
    }
}

/// API Gateway may call the function, from this API only.
fn permission(resources: &Map<String, Value>, api: &str, function: &str, problems: &mut Problems) {
    let permissions = resources_of(resources, "AWS::Lambda::Permission");
    let of_function: Vec<&Value> = permissions
        .iter()
        .map(|(_, permission)| *permission)
        .filter(|permission| permission["FunctionName"].to_string().contains(&format!("\"{function}\"")))
        .collect();
    let [permission] = of_function[..] else {
        return problems.add(format!("{} may call admin-api instead of its HTTP API", of_function.len()));
    };
    let source = &permission["SourceArn"]["Fn::Sub"];
    let is_own = permission["Principal"] == "apigateway.amazonaws.com"
        && permission["Action"] == "lambda:InvokeFunction"
        && source[0].as_str().is_some_and(|text| text.contains(":${__ApiId__}/"))
        && source[1]["__ApiId__"] == json!({"Ref": api});
    problems.unless(is_own, || "admin-api may be called by others than its HTTP API".into());
}

/// The function reads its own secret and publishes on its own bus; besides that it writes its log.
fn role(resources: &Map<String, Value>, function: &str, problems: &mut Problems) {
    let properties = &resources[function]["Properties"];
    let variables = &properties["Environment"]["Variables"];
    let bus = variables["EVENT_BUS"]["Ref"].as_str().unwrap_or_default();
    let wanted = [
        json!({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": variables["SECRET_ARN"]}),
        json!({"Effect": "Allow", "Action": "events:PutEvents", "Resource": {"Fn::GetAtt": [bus, "Arn"]}}),
    ];
    let role = properties["Role"]["Fn::GetAtt"][0].as_str().unwrap_or_default();
    let role = resources.get(role).map_or(&Value::Null, |role| &role["Properties"]);
    let statements: Vec<&Value> = role["Policies"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten())
        .collect();
    problems.unless(
        statements.len() == wanted.len() && wanted.iter().all(|one| statements.contains(&one)),
        || {
            format!(
                "admin-api may do something else than read its secret and publish on its bus: {statements:?}"
            )
        },
    );
    let managed = role["ManagedPolicyArns"].as_array().map_or(&[][..], Vec::as_slice);
    let is_log = |arn: &Value| {
        arn.as_str().is_some_and(|arn| arn.ends_with(":policy/service-role/AWSLambdaBasicExecutionRole"))
    };
    problems.unless(managed.len() == 1 && managed.iter().all(is_log), || {
        format!("admin-api has more than the policy of its log: {managed:?}")
    });
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The template as CloudFormation gets it, and what is wrong with it after a change of its text.
    fn translated() -> String {
        let python = tools::python().expect("Python with the linters");
        let folder = std::env::temp_dir().join(format!("gazelle-template-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let out = folder.join("template.json");
        let root = tools::root();
        let status = Command::new(python)
            .arg(root.join("infra/deployment/translate.py"))
            .args([&root.join("template.yaml"), &out])
            .status();
        assert!(status.unwrap().success());
        let text = std::fs::read_to_string(&out).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        serde_json::from_str::<Value>(&text).unwrap().to_string()
    }

    fn problems(translated: &str) -> Vec<String> {
        let source = std::fs::read_to_string(tools::root().join("template.yaml")).unwrap();
        let functions = deployment::functions(&source).unwrap();
        let mut problems = Problems(Vec::new());
        check(&serde_json::from_str(translated).unwrap(), &functions, &mut problems);
        problems.0
    }

    /// A resource of the translated template, as its text.
    fn resource(translated: &str, id: &str) -> String {
        serde_json::from_str::<Value>(translated).unwrap()["Resources"][id].to_string()
    }

    #[test]
    fn every_mistake_planted_in_what_the_console_stands_behind_is_refused() {
        let own = translated();
        assert_eq!(problems(&own), Vec::<String>::new());
        let planted = [
            ("ConsoleApi", "/$default", "/health", "has the routes"),
            ("ConsoleApi", "${AdminApi.Arn}", "${Backup.Arn}", "does not hand whole requests"),
            ("ConsoleApi", "\"2.0\"", "\"1.0\"", "does not hand whole requests"),
            ("ConsoleApi", "ApiGatewayV2::Api", "ApiGateway::RestApi", "another way in"),
            (
                "ConsoleApiApiGatewayDefaultStage",
                "ThrottlingRateLimit\":50",
                "ThrottlingRateLimit\":5000",
                "no Throttling",
            ),
            (
                "ConsoleApiApiGatewayDefaultStage",
                "ThrottlingBurstLimit",
                "BurstLimit",
                "no ThrottlingBurstLimit",
            ),
            ("ConsoleApiApiGatewayDefaultStage", "$default", "prod", "not the stage"),
            ("AdminApiAnyPermission", "${__ApiId__}", "*", "called by others"),
            ("AdminApiAnyPermission", "apigateway.amazonaws.com", "*", "called by others"),
            ("AdminApiRole", "events:PutEvents", "events:*", "may do something else"),
            ("AdminApiRole", "{\"Fn::GetAtt\":[\"Bus\",\"Arn\"]}", "\"*\"", "may do something else"),
            ("AdminApiRole", "{\"Ref\":\"SecretArn\"}", "\"*\"", "may do something else"),
            (
                "AdminApiRole",
                "service-role/AWSLambdaBasicExecutionRole",
                "AdministratorAccess",
                "more than the policy",
            ),
        ];
        for (id, good, bad, expected) in planted {
            let whole = resource(&own, id);
            let changed = whole.replacen(good, bad, 1);
            assert_ne!(changed, whole, "nothing planted: {good}");
            let found = problems(&own.replacen(&whole, &changed, 1));
            assert!(found.iter().any(|problem| problem.contains(expected)), "{id} {bad}: {found:?}");
        }
    }
}
